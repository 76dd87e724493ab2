/**
 * The API described for clients: {@code /openapi/v2} in JSON and protobuf, {@code /openapi/v3} with one document a
 * group version (KEP-2896). In come resource definitions; out go bytes, made when first asked for and given back under
 * memory pressure. No I/O besides reading the data file of descriptions; safe for any thread.
 */
@NullMarked
package io.mizzen.apiserver.openapi;

import org.jspecify.annotations.NullMarked;
