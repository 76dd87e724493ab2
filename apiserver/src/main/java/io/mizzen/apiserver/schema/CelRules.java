// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.types.CelKind;
import dev.cel.runtime.CelEvaluationException;
import io.mizzen.apiserver.schema.CelEnvironment.CompilationException;
import io.mizzen.apiserver.schema.CelEnvironment.Compiled;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code x-kubernetes-validations} of a schema, compiled once (KEP-2876). Rules that name {@code oldSelf} are only
 * evaluated where there is a comparable old value, unless they say {@code optionalOldSelf}; other rules are not held
 * against a value that did not change. Immutable, thread-safe.
 */
final class CelRules {
    /** Most evaluations for one object: with the bound on each of them, the limit of what an object may cost. */
    private static final int MAX_EVALUATIONS = 10_000;

    private static final String OUT_OF_BUDGET =
            "validation failed due to running out of cost budget, no further validation rules will be run";
    private static final Pattern PLACE = Pattern.compile("^evaluation error(?: at [^ ]+)?: ");
    private static final Pattern MISSING_KEY = Pattern.compile("key '(.*)' is not present in map");
    private static final int MAX_MESSAGE = 5 * 1024;
    private static final String VALIDATIONS = "x-kubernetes-validations";

    private final JsonNode schema;
    private final boolean root;
    private final List<Rule> rules = new ArrayList<>();
    private final Map<String, CelRules> properties = new LinkedHashMap<>();
    private final @Nullable CelRules items;
    private final @Nullable CelRules additional;

    /** A rule; {@code failure} is set where it could not be compiled. */
    private record Rule(
            JsonNode source,
            @Nullable Compiled condition,
            @Nullable Compiled message,
            String failure) {

        String label() {
            String text = source.path("message").asText("");
            return (text.isEmpty() ? source.path("rule").asText("") : text).strip();
        }

        String defaultDetail() {
            String text = source.path("message").asText("");
            return text.isEmpty() ? "failed rule: " + label() : text.strip();
        }
    }

    /** How many evaluations are left for one object. */
    private static final class Budget {
        private int left = MAX_EVALUATIONS;
    }

    private CelRules(JsonNode schema, boolean root) {
        this.schema = schema;
        this.root = root;
        if (!schema.path(VALIDATIONS).isEmpty()) {
            CelTypes types = new CelTypes(schema, root);
            schema.path(VALIDATIONS).forEach(rule -> rules.add(compile(rule, types)));
        }
        schema.path("properties").properties().forEach(entry -> {
            CelRules below = new CelRules(entry.getValue(), false);
            if (!below.isEmpty()) {
                properties.put(entry.getKey(), below);
            }
        });
        items = below(schema.path("items"));
        additional = below(schema.path("additionalProperties"));
    }

    /** The rules of a whole schema; null when it has none. */
    static @Nullable CelRules of(JsonNode schema) {
        CelRules rules = new CelRules(schema, true);
        return rules.isEmpty() ? null : rules;
    }

    private static @Nullable CelRules below(JsonNode schema) {
        if (!schema.isObject()) {
            return null;
        }
        CelRules rules = new CelRules(schema, false);
        return rules.isEmpty() ? null : rules;
    }

    private boolean isEmpty() {
        return rules.isEmpty() && properties.isEmpty() && items == null && additional == null;
    }

    private static Rule compile(JsonNode source, CelTypes types) {
        boolean optional = source.path("optionalOldSelf").asBoolean(false);
        CelEnvironment environment = CelEnvironment.instance();
        try {
            Compiled condition = environment.compile(source.path("rule").asText(""), CelKind.BOOL, types, optional);
            String message = source.path("messageExpression").asText("");
            Compiled compiledMessage =
                    message.isEmpty() ? null : environment.compile(message, CelKind.STRING, types, optional);
            return new Rule(source, condition, compiledMessage, "");
        } catch (CompilationException broken) {
            return new Rule(source, null, null, String.valueOf(broken.getMessage()));
        }
    }

    /** Adds what is wrong with the rules themselves, for a definition whose schema stands at {@code path}. */
    static void checkDefinition(JsonNode schema, String path, FieldErrors errors) {
        checkDefinition(schema, path, true, errors);
    }

    private static void checkDefinition(JsonNode schema, String path, boolean root, FieldErrors errors) {
        JsonNode rules = schema.path(VALIDATIONS);
        CelTypes types = new CelTypes(rules.isEmpty() ? rules : schema, root);
        for (int i = 0; i < rules.size(); i++) {
            checkRule(rules.get(i), FieldErrors.at(FieldErrors.at(path, VALIDATIONS), i), types, errors);
        }
        schema.path("properties")
                .properties()
                .forEach(entry -> checkDefinition(
                        entry.getValue(),
                        FieldErrors.atKey(FieldErrors.at(path, "properties"), entry.getKey()),
                        false,
                        errors));
        for (String name : List.of("items", "additionalProperties")) {
            if (schema.path(name).isObject()) {
                checkDefinition(schema.get(name), FieldErrors.at(path, name), false, errors);
            }
        }
    }

    private static void checkRule(JsonNode rule, String path, CelTypes types, FieldErrors errors) {
        CelEnvironment environment = CelEnvironment.instance();
        boolean optional = rule.path("optionalOldSelf").asBoolean(false);
        String expression = rule.path("rule").asText("");
        String rulePath = FieldErrors.at(path, "rule");
        if (expression.isBlank()) {
            errors.required(rulePath, "rule is not specified");
            return;
        }
        String message = rule.path("message").asText("");
        if (message.strip().contains("\n")) {
            errors.invalid(FieldErrors.at(path, "message"), message, "message must not contain line breaks");
        }
        try {
            boolean transition = environment
                    .compile(expression, CelKind.BOOL, types, optional)
                    .usesOldSelf();
            if (rule.has("optionalOldSelf") && !transition) {
                errors.invalid(
                        FieldErrors.at(path, "optionalOldSelf"),
                        rule.get("optionalOldSelf"),
                        "may not be set if oldSelf is not used in rule");
            }
        } catch (CompilationException broken) {
            errors.invalid(rulePath, expression, String.valueOf(broken.getMessage()));
        }
        String messageExpression = rule.path("messageExpression").asText("");
        if (!messageExpression.isEmpty()) {
            try {
                Compiled unused = environment.compile(messageExpression, CelKind.STRING, types, optional);
            } catch (CompilationException broken) {
                errors.invalid(
                        FieldErrors.at(path, "messageExpression"),
                        messageExpression,
                        String.valueOf(broken.getMessage()));
            }
        }
    }

    /** Evaluates all rules for an object. */
    void check(JsonNode object, @Nullable JsonNode old, FieldErrors errors) {
        check(object, old, "", errors, new Budget());
    }

    private boolean check(JsonNode value, @Nullable JsonNode old, String path, FieldErrors errors, Budget budget) {
        if (value.isNull()) {
            return true;
        }
        JsonNode before = old == null || old.isNull() ? null : old;
        if (!checkRules(value, before, path, errors, budget)) {
            return false;
        }
        if (value.isArray() && items != null) {
            return checkItems(items, value, before, path, errors, budget);
        }
        if (!value.isObject()) {
            return true;
        }
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            CelRules below =
                    schema.path("properties").has(entry.getKey()) ? properties.get(entry.getKey()) : additional;
            if (below != null) {
                JsonNode oldMember = before == null ? null : before.get(entry.getKey());
                String at = additional == below
                        ? FieldErrors.atKey(path, entry.getKey())
                        : FieldErrors.at(path, entry.getKey());
                if (!below.check(entry.getValue(), oldMember, at, errors, budget)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean checkItems(
            CelRules rulesOfItems,
            JsonNode value,
            @Nullable JsonNode old,
            String path,
            FieldErrors errors,
            Budget budget) {
        Map<List<JsonNode>, JsonNode> oldByKey = new HashMap<>();
        boolean named = schema.path("x-kubernetes-list-type").asText("").equals("map");
        if (old != null && named) {
            old.forEach(element -> oldByKey.putIfAbsent(keyOf(element), element));
        }
        for (int i = 0; i < value.size(); i++) {
            JsonNode before = named ? oldByKey.get(keyOf(value.get(i))) : null;
            if (!rulesOfItems.check(value.get(i), before, FieldErrors.at(path, i), errors, budget)) {
                return false;
            }
        }
        return true;
    }

    private List<JsonNode> keyOf(JsonNode element) {
        List<JsonNode> key = new ArrayList<>();
        schema.path("x-kubernetes-list-map-keys").forEach(name -> key.add(element.path(name.asText())));
        return key;
    }

    private boolean checkRules(JsonNode value, @Nullable JsonNode old, String path, FieldErrors errors, Budget budget) {
        if (rules.isEmpty()) {
            return true;
        }
        Object self = CelValues.of(value, schema, root);
        Object oldSelf = old == null ? null : CelValues.of(old, schema, root);
        boolean unchanged = value.equals(old);
        String type = schema.path("type").asText("");
        for (Rule rule : rules) {
            Compiled condition = rule.condition();
            if (condition == null) {
                errors.invalid(FieldErrors.orRoot(path), type, "rule compile error: " + rule.failure());
                continue;
            }
            boolean optional = rule.source().path("optionalOldSelf").asBoolean(false);
            boolean skipped = condition.usesOldSelf() ? oldSelf == null && !optional : unchanged;
            if (skipped) {
                continue;
            }
            if (budget.left-- <= 0) {
                errors.invalid(FieldErrors.orRoot(path), type, OUT_OF_BUDGET);
                return false;
            }
            Map<String, Object> variables = new HashMap<>();
            variables.put("self", self);
            if (optional) {
                variables.put("oldSelf", Optional.ofNullable(oldSelf));
            } else if (oldSelf != null) {
                variables.put("oldSelf", oldSelf);
            }
            evaluate(rule, condition, variables, path, type, errors);
        }
        return true;
    }

    private static void evaluate(
            Rule rule,
            Compiled condition,
            Map<String, Object> variables,
            String path,
            String type,
            FieldErrors errors) {
        try {
            if (Boolean.TRUE.equals(condition.program().eval(variables))) {
                return;
            }
        } catch (CelEvaluationException failed) {
            errors.invalid(FieldErrors.orRoot(path), type, describe(failed, rule));
            return;
        }
        String at = FieldErrors.orRoot(path);
        String fieldPath = rule.source().path("fieldPath").asText("");
        if (!fieldPath.isEmpty()) {
            at = FieldErrors.at(path, plain(fieldPath));
        }
        String detail = detail(rule, variables);
        switch (rule.source().path("reason").asText("")) {
            case "FieldValueForbidden" -> errors.forbidden(at, detail);
            case "FieldValueRequired" -> errors.required(at, detail);
            case "FieldValueDuplicate" -> errors.duplicate(at, type);
            default -> errors.invalid(at, type, detail);
        }
    }

    private static String describe(CelEvaluationException failed, Rule rule) {
        String message = PLACE.matcher(String.valueOf(failed.getMessage())).replaceFirst("");
        if (message.contains("o matching overload") || message.startsWith("no such overload")) {
            return "'" + message
                    + "': call arguments did not match a supported operator, function or macro signature for rule: "
                    + rule.label();
        }
        if (message.contains("teration budget exceeded")) {
            return "'" + message
                    + "': no further validation rules will be run due to call cost exceeds limit for rule: "
                    + rule.label();
        }
        Matcher missing = MISSING_KEY.matcher(message);
        String cause = missing.find() ? "no such key: " + missing.group(1) : message;
        return cause + " evaluating rule: " + rule.label();
    }

    /** A field path of a rule ({@code .spec['a-b'].c}) as the path below the rule's place. */
    private static String plain(String fieldPath) {
        String dotted = fieldPath.replaceAll("\\['((?:[^'\\\\]|\\\\.)*)'\\]", ".$1");
        return dotted.startsWith(".") ? dotted.substring(1) : dotted;
    }

    private static String detail(Rule rule, Map<String, Object> variables) {
        Compiled message = rule.message();
        if (message == null) {
            return rule.defaultDetail();
        }
        try {
            Object text = message.program().eval(variables);
            if (text instanceof String detail) {
                String stripped = detail.strip();
                boolean usable = !stripped.isEmpty() && stripped.length() <= MAX_MESSAGE && stripped.indexOf('\n') < 0;
                return usable ? stripped : rule.defaultDetail();
            }
            return rule.defaultDetail();
        } catch (CelEvaluationException failed) {
            return rule.defaultDetail();
        }
    }
}
