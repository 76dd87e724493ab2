/**
 * What nodes and pods use, for {@code metrics.k8s.io}: a bounded scraper of the kubelets' {@code /metrics/resource}, and the
 * two newest samples of everything, from which rates are told. In come texts of kubelets, out go usages over a window. One
 * thread scrapes and owns the book; readers see immutable snapshots. Nothing is stored.
 */
@NullMarked
package io.mizzen.apiserver.metrics;

import org.jspecify.annotations.NullMarked;
