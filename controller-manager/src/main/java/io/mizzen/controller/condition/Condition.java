// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.condition;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A status condition of any kind.
 *
 * @param type its name
 * @param status {@code True}, {@code False} or {@code Unknown}
 * @param reason a word in CamelCase, perhaps empty
 * @param message a sentence, perhaps empty
 * @param updated when it was last written, for kinds that say so
 * @param transitioned when its status last changed
 */
public record Condition(
        String type,
        String status,
        String reason,
        String message,
        @Nullable String updated,
        @Nullable String transitioned) {

    /** A condition of now. */
    public static Condition of(String type, String status, String reason, String message, Instant now) {
        String text = Timestamps.text(now);
        return new Condition(type, status, reason, message, text, text);
    }

    /** From a model's fields, where any may be absent. */
    public static Condition read(
            @Nullable String type,
            @Nullable String status,
            @Nullable String reason,
            @Nullable String message,
            @Nullable String updated,
            @Nullable String transitioned) {
        return new Condition(
                type == null ? "" : type,
                status == null ? "" : status,
                reason == null ? "" : reason,
                message == null ? "" : message,
                updated,
                transitioned);
    }

    /** Whether it is {@code True}. */
    public boolean isTrue() {
        return status.equals("True");
    }

    /** The condition of a type. */
    public static Optional<Condition> find(List<Condition> conditions, String type) {
        return conditions.stream().filter(c -> c.type().equals(type)).findFirst();
    }

    /**
     * The conditions with one set. With the same status and reason as before nothing changes; with the same status the
     * time of the last transition stays. The set one comes last, as upstream leaves it.
     */
    public static List<Condition> set(List<Condition> conditions, Condition wanted) {
        Optional<Condition> present = find(conditions, wanted.type());
        if (present.isPresent()
                && present.get().status().equals(wanted.status())
                && present.get().reason().equals(wanted.reason())) {
            return conditions;
        }
        return replace(conditions, wanted);
    }

    /** The conditions with one written whatever it was before; only the time of the last transition is kept if it may. */
    public static List<Condition> replace(List<Condition> conditions, Condition wanted) {
        Optional<Condition> present = find(conditions, wanted.type());
        List<Condition> result = new ArrayList<>(remove(conditions, wanted.type()));
        boolean sameStatus = present.isPresent() && present.get().status().equals(wanted.status());
        result.add(sameStatus ? wanted.transitionedAt(present.get().transitioned()) : wanted);
        return List.copyOf(result);
    }

    /** The conditions without one. */
    public static List<Condition> remove(List<Condition> conditions, String type) {
        return conditions.stream().filter(c -> !c.type().equals(type)).toList();
    }

    private Condition transitionedAt(@Nullable String time) {
        return new Condition(type, status, reason, message, updated, time);
    }
}
