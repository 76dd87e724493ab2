/**
 * YAML 1.1 as Kubernetes reads it, to JSON trees. Input: text; output: trees or one exception with a line number. Pure.
 */
@NullMarked
package io.mizzen.api.yaml;

import org.jspecify.annotations.NullMarked;
