/**
 * Bootstrap tokens: those whose time is over are deleted. In: Secrets of {@code kube-system}. Out: deletions. One worker.
 */
@NullMarked
package io.mizzen.controller.bootstrap;

import org.jspecify.annotations.NullMarked;
