/**
 * Says how many pods may be evicted now. In: PodDisruptionBudgets, pods, their controllers. Out: the budgets' status, which
 * the Eviction API counts down. {@link io.mizzen.controller.disruption.BudgetRules} is pure. One worker.
 */
@NullMarked
package io.mizzen.controller.disruption;

import org.jspecify.annotations.NullMarked;
