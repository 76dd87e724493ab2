/**
 * Kinds that users define. In come CustomResourceDefinitions from the watch cache; out go resources in the table of served
 * ones, and the definitions' status. One thread, {@code custom-resources}, owns all of it.
 */
@NullMarked
package io.mizzen.apiserver.customresource;

import org.jspecify.annotations.NullMarked;
