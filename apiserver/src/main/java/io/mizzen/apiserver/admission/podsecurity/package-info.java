/**
 * The Pod Security Standards: which pods a level lets in. In comes a pod and a level, out go the reasons against it. Pure.
 */
@NullMarked
package io.mizzen.apiserver.admission.podsecurity;

import org.jspecify.annotations.NullMarked;
