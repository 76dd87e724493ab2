// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.meta;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The rules for names, with upstream's texts ({@code k8s.io/apimachinery/pkg/util/validation}). Each method returns the
 * reasons why a text is refused; an empty list means that it is fine.
 */
public final class Names {
    private static final String LABEL_FORM = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final Pattern LABEL = Pattern.compile(LABEL_FORM);
    private static final Pattern SUBDOMAIN = Pattern.compile(LABEL_FORM + "(\\." + LABEL_FORM + ")*");
    private static final Pattern LABEL_1035 = Pattern.compile("[a-z]([-a-z0-9]*[a-z0-9])?");
    private static final String NAME_FORM = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private static final Pattern QUALIFIED = Pattern.compile(NAME_FORM);
    private static final String VALUE_FORM = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
    private static final Pattern VALUE = Pattern.compile(VALUE_FORM);
    private static final Pattern CONFIG_KEY = Pattern.compile("[-._a-zA-Z0-9]+");

    private Names() {}

    private static String maxLength(int length) {
        return "must be no more than " + length + " characters";
    }

    /** RFC 1123 subdomain: most object names. */
    public static List<String> subdomainErrors(String name) {
        List<String> errors = new ArrayList<>();
        if (name.length() > 253) {
            errors.add(maxLength(253));
        }
        if (!SUBDOMAIN.matcher(name).matches()) {
            errors.add("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
                    + "and must start and end with an alphanumeric character (e.g. 'example.com', "
                    + "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?"
                    + "(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
        }
        return errors;
    }

    /** RFC 1123 label: namespaces, container names. */
    public static List<String> labelErrors(String name) {
        List<String> errors = new ArrayList<>();
        if (name.length() > 63) {
            errors.add(maxLength(63));
        }
        if (!LABEL.matcher(name).matches() && SUBDOMAIN.matcher(name).matches()) {
            errors.add("must not contain dots");
        } else if (!LABEL.matcher(name).matches()) {
            errors.add("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
                    + "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
                    + "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
        }
        return errors;
    }

    /** RFC 1035 label: Services. */
    public static List<String> label1035Errors(String name) {
        List<String> errors = new ArrayList<>();
        if (name.length() > 63) {
            errors.add(maxLength(63));
        }
        if (!LABEL_1035.matcher(name).matches()) {
            errors.add("a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
                    + "start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  "
                    + "or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
        }
        return errors;
    }

    /** A name that is one segment of a path: RBAC objects. */
    public static List<String> pathSegmentErrors(String name) {
        if (name.equals(".") || name.equals("..")) {
            return List.of("may not be '" + name + "'");
        }
        List<String> errors = new ArrayList<>();
        if (name.contains("/")) {
            errors.add("may not contain '/'");
        }
        if (name.contains("%")) {
            errors.add("may not contain '%'");
        }
        return errors;
    }

    /** A key of labels, annotations, taints: an optional DNS prefix and a name. */
    public static List<String> qualifiedNameErrors(String name) {
        List<String> errors = new ArrayList<>();
        String[] parts = name.split("/", -1);
        String last = parts[parts.length - 1];
        if (parts.length == 2) {
            if (parts[0].isEmpty()) {
                errors.add("prefix part must be non-empty");
            } else {
                subdomainErrors(parts[0]).forEach(error -> errors.add("prefix part " + error));
            }
        } else if (parts.length > 2) {
            errors.add("a qualified name "
                    + form(
                            "must consist of alphanumeric characters, '-', '_' or '.', "
                                    + "and must start and end with an alphanumeric character",
                            NAME_FORM,
                            "MyName",
                            "my.name",
                            "123-abc")
                    + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
            return errors;
        }
        if (last.isEmpty()) {
            errors.add("name part must be non-empty");
        } else if (last.length() > 63) {
            errors.add("name part " + maxLength(63));
        }
        if (!QUALIFIED.matcher(last).matches()) {
            errors.add("name part "
                    + form(
                            "must consist of alphanumeric characters, '-', '_' or '.', "
                                    + "and must start and end with an alphanumeric character",
                            NAME_FORM,
                            "MyName",
                            "my.name",
                            "123-abc"));
        }
        return errors;
    }

    /** A value of a label. */
    public static List<String> labelValueErrors(String value) {
        List<String> errors = new ArrayList<>();
        if (value.length() > 63) {
            errors.add(maxLength(63));
        }
        if (!VALUE.matcher(value).matches()) {
            errors.add(form(
                    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
                            + "'.', and must start and end with an alphanumeric character",
                    VALUE_FORM,
                    "MyValue",
                    "my_value",
                    "12345"));
        }
        return errors;
    }

    /** A key of a ConfigMap or Secret. */
    public static List<String> configKeyErrors(String key) {
        List<String> errors = new ArrayList<>();
        if (key.length() > 253) {
            errors.add(maxLength(253));
        }
        if (!CONFIG_KEY.matcher(key).matches()) {
            errors.add(form(
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                    "[-._a-zA-Z0-9]+",
                    "key.name",
                    "KEY_NAME",
                    "key-name"));
        }
        if (key.equals(".")) {
            errors.add("must not be '.'");
        } else if (key.equals("..")) {
            errors.add("must not be '..'");
        } else if (key.startsWith("..")) {
            errors.add("must not start with '..'");
        }
        return errors;
    }

    private static String form(String text, String pattern, String... examples) {
        StringBuilder message = new StringBuilder(text).append(" (e.g. ");
        for (int i = 0; i < examples.length; i++) {
            message.append(i == 0 ? "" : ",  or ")
                    .append('\'')
                    .append(examples[i])
                    .append('\'');
        }
        return message.append(", regex used for validation is '")
                .append(pattern)
                .append("')")
                .toString();
    }
}
