/**
 * What selectors, node affinity and tolerations match: model objects come in, answers go out. The scheduler, the kubelet and the
 * controllers that place pods share it, so that they never disagree about a node. Pure; no threads.
 */
@NullMarked
package io.mizzen.client.selector;

import org.jspecify.annotations.NullMarked;
