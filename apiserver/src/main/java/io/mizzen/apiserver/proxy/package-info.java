/** Room. */
@NullMarked
package io.mizzen.apiserver.proxy;

import org.jspecify.annotations.NullMarked;
