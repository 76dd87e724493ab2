/**
 * What a certificate signing request (PKCS #10) asks for, as values, for those who check it and those who sign it. In: PEM.
 * Out: an immutable value. Pure; safe for use by any thread.
 */
@NullMarked
package io.mizzen.api.certificate;

import org.jspecify.annotations.NullMarked;
