/** Server-side tables. In come objects and their kind's columns; out goes a Table. Pure. */
@NullMarked
package io.mizzen.apiserver.table;

import org.jspecify.annotations.NullMarked;
