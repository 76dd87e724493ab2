/**
 * Claims and volumes: who gets which, when they may go, and the volumes that the cluster makes itself. In: claims, volumes,
 * classes, nodes, pods. Out: bindings, phases, volumes of {@code mizzen.io/local-path}, finalizers, claims of generic ephemeral
 * volumes. {@link io.mizzen.controller.volume.BinderCore} decides, purely, one write at a time. The binder has one worker, so
 * that no two claims are decided on at once; the other controllers have one each.
 */
@NullMarked
package io.mizzen.controller.volume;

import org.jspecify.annotations.NullMarked;
