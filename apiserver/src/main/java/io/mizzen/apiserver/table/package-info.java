/**
 * Server-side tables (API page "Receiving resources as Tables"): what {@code kubectl get} shows. In come a resource
 * definition, objects and the time; out goes a {@code meta.k8s.io/v1} Table as a tree. Pure, safe for any thread.
 */
@NullMarked
package io.mizzen.apiserver.table;

import org.jspecify.annotations.NullMarked;
