/**
 * Plugins that change or refuse a write after it was decoded and before it is stored, in upstream's order. In comes an
 * {@link io.mizzen.apiserver.admission.AdmissionRequest}; a refusal is a 403 (or the plugin's own) StatusException.
 * Thread-safe; may read the cache. Only ResourceQuota writes, and only the status of quotas, which it charges.
 */
@NullMarked
package io.mizzen.apiserver.admission;

import org.jspecify.annotations.NullMarked;
