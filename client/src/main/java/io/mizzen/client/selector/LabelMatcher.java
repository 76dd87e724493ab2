// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client.selector;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A label selector made ready for many comparisons. Immutable. */
public final class LabelMatcher {
    private enum Operator {
        IN,
        NOT_IN,
        EXISTS,
        DOES_NOT_EXIST,
        GREATER,
        LESS
    }

    private record Requirement(String key, Operator operator, Set<String> values) {
        boolean matches(Map<String, String> labels) {
            String value = labels.get(key);
            return switch (operator) {
                case IN -> value != null && values.contains(value);
                case NOT_IN -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case DOES_NOT_EXIST -> value == null;
                case GREATER -> compare(value) > 0;
                case LESS -> compare(value) < 0;
            };
        }

        private int compare(@Nullable String value) {
            if (value == null || values.size() != 1) {
                return 0;
            }
            try {
                return Long.compare(
                        Long.parseLong(value), Long.parseLong(values.iterator().next()));
            } catch (NumberFormatException notANumber) {
                return 0;
            }
        }
    }

    private static final Requirement IMPOSSIBLE = new Requirement("", Operator.IN, Set.of());

    /** Matches no labels at all. */
    public static final LabelMatcher NOTHING = new LabelMatcher(List.of(IMPOSSIBLE));
    /** Matches everything. */
    public static final LabelMatcher EVERYTHING = new LabelMatcher(List.of());

    private final List<Requirement> requirements;

    private LabelMatcher(List<Requirement> requirements) {
        this.requirements = requirements;
    }

    /**
     * Reads a selector: null matches nothing, an empty one everything.
     *
     * @throws IllegalArgumentException when an operator is none
     */
    public static LabelMatcher of(@Nullable LabelSelector selector) {
        if (selector == null) {
            return NOTHING;
        }
        List<Requirement> list = new ArrayList<>(equalities(selector.getMatchLabels()));
        if (selector.getMatchExpressions() != null) {
            selector.getMatchExpressions()
                    .forEach(e -> list.add(requirement(e.getKey(), e.getOperator(), e.getValues())));
        }
        return list.isEmpty() ? EVERYTHING : new LabelMatcher(List.copyOf(list));
    }

    /** Matches objects that carry all of these labels; none given matches everything. */
    public static LabelMatcher ofLabels(@Nullable Map<String, String> labels) {
        return new LabelMatcher(List.copyOf(equalities(labels)));
    }

    /**
     * Reads the requirements of a node selector term; {@code Gt} and {@code Lt} compare whole numbers, an operator that is none
     * matches nothing.
     */
    public static LabelMatcher ofNodeRequirements(List<NodeSelectorRequirement> requirements) {
        return new LabelMatcher(requirements.stream()
                .map(r -> nodeRequirement(r.getKey(), r.getOperator(), r.getValues()))
                .toList());
    }

    /** This selector with one more {@code key in (value)}. */
    public LabelMatcher and(String key, String value) {
        List<Requirement> list = new ArrayList<>(requirements);
        list.add(new Requirement(key, Operator.IN, Set.of(value)));
        return new LabelMatcher(List.copyOf(list));
    }

    /** What both select. */
    public LabelMatcher and(LabelMatcher other) {
        List<Requirement> list = new ArrayList<>(requirements);
        list.addAll(other.requirements);
        return new LabelMatcher(List.copyOf(list));
    }

    /** This selector with one more {@code key notin (value)}. */
    public LabelMatcher andNot(String key, String value) {
        List<Requirement> list = new ArrayList<>(requirements);
        list.add(new Requirement(key, Operator.NOT_IN, Set.of(value)));
        return new LabelMatcher(List.copyOf(list));
    }

    /** Whether labels satisfy every requirement. */
    public boolean matches(@Nullable Map<String, String> labels) {
        Map<String, String> given = labels == null ? Map.of() : labels;
        for (Requirement requirement : requirements) {
            if (!requirement.matches(given)) {
                return false;
            }
        }
        return true;
    }

    /** Whether nothing is required. */
    public boolean isEverything() {
        return requirements.isEmpty();
    }

    private static List<Requirement> equalities(@Nullable Map<String, String> labels) {
        return labels == null
                ? List.of()
                : labels.entrySet().stream()
                        .map(e -> new Requirement(e.getKey(), Operator.IN, Set.of(e.getValue())))
                        .toList();
    }

    private static Requirement requirement(String key, String operator, @Nullable List<String> values) {
        Operator parsed = switch (operator) {
            case "In" -> Operator.IN;
            case "NotIn" -> Operator.NOT_IN;
            case "Exists" -> Operator.EXISTS;
            case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
            default ->
                throw new IllegalArgumentException("\"" + operator + "\" is not a valid label selector operator");
        };
        return new Requirement(key, parsed, values == null ? Set.of() : Set.copyOf(values));
    }

    private static Requirement nodeRequirement(String key, String operator, @Nullable List<String> values) {
        Set<String> given = values == null ? Set.of() : Set.copyOf(values);
        return switch (operator) {
            case "Gt" -> new Requirement(key, Operator.GREATER, given);
            case "Lt" -> new Requirement(key, Operator.LESS, given);
            case "In", "NotIn", "Exists", "DoesNotExist" -> requirement(key, operator, values);
            default -> IMPOSSIBLE;
        };
    }
}
