/**
 * Sees that every namespace has its ServiceAccount {@code default}. In: namespaces and service accounts. Out: service
 * accounts created.
 */
@NullMarked
package io.mizzen.controller.serviceaccount;

import org.jspecify.annotations.NullMarked;
