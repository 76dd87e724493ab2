// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.status;

/**
 * One entry of {@code status.details.causes}.
 *
 * @param reason for example {@code FieldValueInvalid}
 * @param message text without the field
 * @param field dotted path, empty when the cause is not about a field
 */
public record StatusCause(String reason, String message, String field) {}
