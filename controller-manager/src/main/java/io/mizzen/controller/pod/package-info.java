/**
 * What all controllers know about pods, once: when one is active, ready, available; how one is made from a template;
 * which go first; and how many are made at once. Pure, but for {@link io.mizzen.controller.pod.PodControl}, which sends.
 */
@NullMarked
package io.mizzen.controller.pod;

import org.jspecify.annotations.NullMarked;
