/**
 * What objects count against a ResourceQuota, and which a quota is about: shared by the admission that charges and the
 * controller that counts anew. In come objects as trees, out go quantities by resource name. Pure.
 */
@NullMarked
package io.mizzen.api.quota;

import org.jspecify.annotations.NullMarked;
