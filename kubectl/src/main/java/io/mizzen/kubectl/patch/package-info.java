/**
 * What to send so that an object on the server becomes what a manifest says: JSON merge and strategic merge patches from two or three
 * versions of an object. In: trees and, for built-in kinds, their schema. Out: a patch. Pure.
 */
@NullMarked
package io.mizzen.kubectl.patch;

import org.jspecify.annotations.NullMarked;
