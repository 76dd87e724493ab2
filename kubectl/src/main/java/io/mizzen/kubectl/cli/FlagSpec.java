// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One flag of a command. Commands declare their flags as one line of text, {@code name[,short]:type[?alone]=default}, because
 * a table that is parsed costs less at start-up than sixty classes of builders.
 *
 * @param name the long name without dashes
 * @param shorthand the one-letter name, or {@code 0} when there is none
 * @param type what the value is
 * @param alone the value that {@code --name} without a value means; empty when a value is required
 * @param initial the value when the flag is not given, as text
 */
public record FlagSpec(String name, char shorthand, Type type, String alone, String initial) {

    /** What a flag's value is; the letter is the one used in the one-line form. */
    public enum Type {
        /** {@code b}: true or false, needs no value. */
        BOOL,
        /** {@code i}: a whole number. */
        INT,
        /** {@code d}: a duration such as {@code 1m30s}. */
        DURATION,
        /** {@code s}: any text. */
        TEXT,
        /** {@code l}: may be repeated, and a value is split at commas. */
        LIST,
        /** {@code a}: may be repeated, a value is taken as it is. */
        ARRAY,
        /** {@code m}: may be repeated, a value is one {@code key=value} or several at commas; of one key the last counts. */
        PAIRS;

        static Type of(char letter) {
            return switch (letter) {
                case 'b' -> BOOL;
                case 'i' -> INT;
                case 'd' -> DURATION;
                case 'l' -> LIST;
                case 'a' -> ARRAY;
                case 'm' -> PAIRS;
                default -> TEXT;
            };
        }
    }

    /** Reads declarations separated by blanks; the order is kept. */
    public static Map<String, FlagSpec> parseAll(String declarations) {
        Map<String, FlagSpec> all = new LinkedHashMap<>();
        int at = 0;
        int length = declarations.length();
        while (at < length) {
            int end = declarations.indexOf(' ', at);
            if (end < 0) {
                end = length;
            }
            if (end > at) {
                FlagSpec flag = parse(declarations.substring(at, end));
                all.put(flag.name(), flag);
            }
            at = end + 1;
        }
        return all;
    }

    private static FlagSpec parse(String declaration) {
        int colon = declaration.indexOf(':');
        int equals = declaration.indexOf('=', colon);
        String name = declaration.substring(0, colon);
        char shorthand = 0;
        int comma = name.indexOf(',');
        if (comma > 0) {
            shorthand = name.charAt(comma + 1);
            name = name.substring(0, comma);
        }
        Type type = Type.of(declaration.charAt(colon + 1));
        String alone = declaration.charAt(colon + 2) == '?' ? declaration.substring(colon + 3, equals) : "";
        if (type == Type.BOOL) {
            alone = "true";
        }
        return new FlagSpec(name, shorthand, type, alone, declaration.substring(equals + 1));
    }
}
