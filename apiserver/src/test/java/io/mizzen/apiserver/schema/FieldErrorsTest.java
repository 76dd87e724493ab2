// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static io.mizzen.apiserver.schema.Trees.POD;
import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mizzen.api.status.StatusCause;
import java.util.List;
import org.junit.jupiter.api.Test;

class FieldErrorsTest {

    @Test
    void writesEachKindOfErrorAsUpstream() {
        FieldErrors errors = new FieldErrors()
                .required("a", "")
                .required("a", "why")
                .invalid("b", "x\"y", "must be z")
                .invalid("b", 5, "too small")
                .invalid("b", tree("{c: [1]}"), "no")
                .invalid("b", null, "no")
                .notSupported("c", "X", List.of("A", "B"))
                .forbidden("d", "not here")
                .duplicate("e", "x")
                .tooLong("f", 63)
                .tooMany("g", 3, 1)
                .tooMany("g", -1, 2)
                .notFound("h", "y")
                .typeInvalid("i", "string", "wrong");

        assertThat(errors.causes())
                .extracting(StatusCause::message)
                .containsExactly(
                        "Required value",
                        "Required value: why",
                        "Invalid value: \"x\\\"y\": must be z",
                        "Invalid value: 5: too small",
                        "Invalid value: {\"c\":[1]}: no",
                        "Invalid value: \"null\": no",
                        "Unsupported value: \"X\": supported values: \"A\", \"B\"",
                        "Forbidden: not here",
                        "Duplicate value: \"x\"",
                        "Too long: may not be more than 63 bytes",
                        "Too many: 3: must have at most 1 item",
                        "Too many: must have at most 2 items",
                        "Not found: \"y\"",
                        "Invalid value: \"string\": wrong");
        assertThat(errors.causes())
                .extracting(StatusCause::reason)
                .contains("FieldValueRequired", "FieldValueInvalid", "FieldValueNotSupported", "FieldValueTypeInvalid");
    }

    @Test
    void buildsPaths() {
        assertThat(FieldErrors.at(FieldErrors.at(FieldErrors.at("", "spec"), "containers"), 2))
                .isEqualTo("spec.containers[2]");
        assertThat(FieldErrors.atKey("metadata.labels", "a/b")).isEqualTo("metadata.labels[a/b]");
    }

    @Test
    void endsTheRequestOnlyIfSomethingIsWrong() {
        new FieldErrors().throwIfAny(POD, "web");

        assertThatThrownBy(() -> new FieldErrors().required("spec.x", "").throwIfAny(POD, "web"))
                .hasMessage("Pod \"web\" is invalid: spec.x: Required value");
    }

    @Test
    void writesNumbersAsGo() {
        assertThat(GoText.number(1.0)).isEqualTo("1");
        assertThat(GoText.number(-1.5)).isEqualTo("-1.5");
        assertThat(GoText.number(15_000_000_000.0)).isEqualTo("15000000000");
        assertThat(GoText.number(1e21)).isEqualTo("1e+21");
        assertThat(GoText.number(1.25e-7)).isEqualTo("1.25e-07");
        assertThat(GoText.number(0)).isEqualTo("0");
    }
}
