// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.tree;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;

/**
 * What a plain word means in YAML 1.1 as Kubernetes' own reader takes it: truth values ({@code yes}, {@code on}, …), null, whole
 * numbers in bases 2, 8, 10 and 16, fractions, time stamps. The same rules say when a writer must quote a string. Pure.
 */
final class Scalars {
    private Scalars() {}

    /** The value of an unquoted word. */
    static JsonNode resolve(String word) {
        if (word.isEmpty()) {
            return Json.NODES.nullNode();
        }
        char first = word.charAt(0);
        boolean candidate = first >= '0' && first <= '9' || "+-.~nNyYtTfFoO".indexOf(first) >= 0;
        return candidate ? resolveCandidate(word) : Json.NODES.textNode(word);
    }

    private static JsonNode resolveCandidate(String word) {
        switch (word) {
            case "~", "null", "Null", "NULL" -> {
                return Json.NODES.nullNode();
            }
            case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON" -> {
                return Json.NODES.booleanNode(true);
            }
            case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF" -> {
                return Json.NODES.booleanNode(false);
            }
            case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF" -> {
                return Json.NODES.numberNode(Double.POSITIVE_INFINITY);
            }
            case "-.inf", "-.Inf", "-.INF" -> {
                return Json.NODES.numberNode(Double.NEGATIVE_INFINITY);
            }
            case ".nan", ".NaN", ".NAN" -> {
                return Json.NODES.numberNode(Double.NaN);
            }
            default -> {
                return numeric(word);
            }
        }
    }

    private static JsonNode numeric(String word) {
        String plain = word.replace("_", "");
        char first = plain.isEmpty() ? 'x' : plain.charAt(0);
        if (first != '+' && first != '-' && first != '.' && (first < '0' || first > '9')) {
            return Json.NODES.textNode(word);
        }
        BigInteger whole = whole(plain);
        if (whole != null) {
            return whole.bitLength() < 64
                    ? Json.NODES.numberNode(whole.longValue())
                    : Json.NODES.numberNode(whole.doubleValue());
        }
        if (isFraction(plain)) {
            return Json.NODES.numberNode(Double.parseDouble(plain));
        }
        return Json.NODES.textNode(word);
    }

    private static @org.jspecify.annotations.Nullable BigInteger whole(String word) {
        boolean negative = word.charAt(0) == '-';
        String digits = negative || word.charAt(0) == '+' ? word.substring(1) : word;
        int base = 10;
        if (digits.length() > 1 && digits.charAt(0) == '0') {
            char mark = digits.charAt(1);
            base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
            digits = digits.substring(base == 8 && mark != 'o' && mark != 'O' ? 1 : 2);
        }
        if (digits.isEmpty()) {
            return null;
        }
        for (int i = 0; i < digits.length(); i++) {
            if (Character.digit(digits.charAt(i), base) < 0) {
                return null;
            }
        }
        BigInteger value = new BigInteger(digits, base);
        return negative ? value.negate() : value;
    }

    /** {@code [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?}, by hand: the regular expression engine starts slowly. */
    private static boolean isFraction(String word) {
        int at = word.charAt(0) == '-' || word.charAt(0) == '+' ? 1 : 0;
        int whole = digits(word, at);
        at += whole;
        if (at < word.length() && word.charAt(at) == '.') {
            int behind = digits(word, at + 1);
            if (whole == 0 && behind == 0) {
                return false;
            }
            at += 1 + behind;
        } else if (whole == 0) {
            return false;
        }
        if (at < word.length() && (word.charAt(at) == 'e' || word.charAt(at) == 'E')) {
            at++;
            if (at < word.length() && (word.charAt(at) == '-' || word.charAt(at) == '+')) {
                at++;
            }
            int exponent = digits(word, at);
            if (exponent == 0) {
                return false;
            }
            at += exponent;
        }
        return at == word.length();
    }

    private static int digits(String word, int from) {
        int at = from;
        while (at < word.length() && word.charAt(at) >= '0' && word.charAt(at) <= '9') {
            at++;
        }
        return at - from;
    }

    /** Whether a string must not be written without quotes, because it would be read as something else. */
    static boolean needsQuotes(String word) {
        return !resolve(word).isTextual() || isTimestamp(word) || isSexagesimal(word) || word.equals("<<");
    }

    private static boolean isTimestamp(String word) {
        // A date begins with four digits and a dash; what follows must look like the rest of one.
        if (word.length() < 8 || digits(word, 0) != 4 || word.charAt(4) != '-') {
            return false;
        }
        int month = digits(word, 5);
        int at = 5 + month;
        if (month < 1 || month > 2 || at >= word.length() || word.charAt(at) != '-') {
            return false;
        }
        int day = digits(word, at + 1);
        at += 1 + day;
        if (day < 1 || day > 2) {
            return false;
        }
        if (at == word.length()) {
            return month == 2 && day == 2 || word.length() >= 8;
        }
        char mark = word.charAt(at);
        if (mark != 'T' && mark != 't' && mark != ' ') {
            return false;
        }
        int hour = digits(word, at + 1);
        at += 1 + hour;
        return hour >= 1
                && hour <= 2
                && at + 5 < word.length()
                && word.charAt(at) == ':'
                && digits(word, at + 1) == 2
                && word.charAt(at + 3) == ':'
                && digits(word, at + 4) == 2;
    }

    /** YAML 1.1's base-60 numbers ({@code 1:20}); other readers still take them for numbers. */
    private static boolean isSexagesimal(String word) {
        if (word.indexOf(':') < 0) {
            return false;
        }
        int at = word.charAt(0) == '-' || word.charAt(0) == '+' ? 1 : 0;
        int lead = digits(word, at);
        if (lead == 0) {
            return false;
        }
        at += lead;
        boolean any = false;
        while (at < word.length() && word.charAt(at) == ':') {
            int part = digits(word, at + 1);
            if (part < 1 || part > 2 || part == 2 && word.charAt(at + 1) > '5') {
                return false;
            }
            at += 1 + part;
            any = true;
        }
        if (any && at < word.length() && word.charAt(at) == '.') {
            at += 1 + digits(word, at + 1);
        }
        return any && at == word.length();
    }
}
