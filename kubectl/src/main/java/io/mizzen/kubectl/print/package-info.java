/**
 * Objects and tables as text: aligned columns, JSONPath, Go templates, custom columns. In: trees. Out: text, byte for byte as
 * upstream's. Pure save for the writer that it is given; one thread.
 */
@NullMarked
package io.mizzen.kubectl.print;

import org.jspecify.annotations.NullMarked;
