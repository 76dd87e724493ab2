// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.flag;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.yaml.YamlReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The flags a command takes, and how they are read: {@code --name value}, {@code --name=value}, and the file named by
 * {@code --config}, whose values the command line overrides. A list in the file stands for values joined by commas.
 * Immutable.
 */
public final class FlagSet {
    private static final String CONFIG = "config";
    private static final int LARGEST_FILE = 1 << 20;

    private final Map<String, Flag> flags = new LinkedHashMap<>();

    /** A set of the given flags, and {@code --config}. */
    public FlagSet(List<Flag> flags) {
        flags.forEach(flag -> this.flags.put(flag.name(), flag));
        this.flags.put(CONFIG, Flag.value(CONFIG, "FILE", "", "YAML file with these flags as keys"));
    }

    /** The flags, one a line, in the order they were given. */
    public String help() {
        StringBuilder text = new StringBuilder();
        for (Flag flag : flags.values()) {
            String left = flag.isToggle() ? "--" + flag.name() : "--" + flag.name() + " " + flag.placeholder();
            String after = flag.defaultValue().isEmpty() || flag.isToggle() ? "" : " (" + flag.defaultValue() + ")";
            text.append("  %-38s %s%s%n".formatted(left, flag.help(), after));
        }
        return text.toString();
    }

    /**
     * Reads the arguments, and the settings file when they name one.
     *
     * @throws FlagException when either says something that is not understood
     */
    public FlagValues parse(List<String> arguments) {
        Map<String, String> given = commandLine(arguments);
        Map<String, String> values = new LinkedHashMap<>();
        flags.values().forEach(flag -> values.put(flag.name(), flag.defaultValue()));
        String config = given.get(CONFIG);
        if (config != null && !config.isEmpty()) {
            values.putAll(settings(Path.of(config)));
        }
        values.putAll(given);
        return new FlagValues(values);
    }

    private Map<String, String> commandLine(List<String> arguments) {
        Map<String, String> given = new LinkedHashMap<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (!argument.startsWith("--")) {
                throw new FlagException("unexpected argument \"" + argument + "\"");
            }
            int equals = argument.indexOf('=');
            Flag flag = flag(equals < 0 ? argument.substring(2) : argument.substring(2, equals), "flag --");
            String value;
            if (equals >= 0) {
                value = argument.substring(equals + 1);
            } else if (flag.isToggle()) {
                value = "true";
            } else if (i + 1 < arguments.size()) {
                value = arguments.get(++i);
            } else {
                throw new FlagException("flag --" + flag.name() + " needs a value");
            }
            given.put(flag.name(), checked(flag, value));
        }
        return given;
    }

    private Map<String, String> settings(Path file) {
        List<JsonNode> documents;
        try {
            documents = YamlReader.readAll(Files.readString(file), LARGEST_FILE);
        } catch (NoSuchFileException e) {
            throw new FlagException("settings file " + file + " does not exist");
        } catch (MalformedInputException e) {
            throw new FlagException("settings file " + file + " is not UTF-8 text");
        } catch (IOException e) {
            throw new FlagException("settings file " + file + " cannot be read: " + e.getMessage());
        } catch (YamlReader.YamlSyntaxException e) {
            throw new FlagException("settings file " + file + ": " + e.getMessage());
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (JsonNode document : documents) {
            if (!document.isObject()) {
                throw new FlagException("settings file " + file + " must be a map of flag names to values");
            }
            document.properties().forEach(entry -> {
                Flag flag = flag(entry.getKey(), "settings file " + file + ": key ");
                values.put(flag.name(), checked(flag, text(file, entry.getKey(), entry.getValue())));
            });
        }
        return values;
    }

    private static String text(Path file, String key, JsonNode value) {
        if (value.isArray()) {
            List<String> parts = new ArrayList<>();
            value.forEach(part -> parts.add(text(file, key, part)));
            return String.join(",", parts);
        }
        if (!value.isValueNode() || value.isNull()) {
            throw new FlagException("settings file " + file + ": " + key + " must be a value or a list of values");
        }
        return value.asText();
    }

    private Flag flag(String name, String what) {
        @Nullable Flag flag = flags.get(name);
        if (flag == null) {
            throw new FlagException("unknown " + what + name + nearest(name));
        }
        return flag;
    }

    private static String checked(Flag flag, String value) {
        if (flag.isToggle() && !value.equals("true") && !value.equals("false")) {
            throw new FlagException("flag --" + flag.name() + " is true or false, not \"" + value + "\"");
        }
        return value;
    }

    private String nearest(String name) {
        return flags.keySet().stream()
                .filter(known -> known.startsWith(name) || name.startsWith(known) || distance(known, name) <= 2)
                .findFirst()
                .map(known -> ", did you mean --" + known + "?")
                .orElse("");
    }

    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(change, 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
