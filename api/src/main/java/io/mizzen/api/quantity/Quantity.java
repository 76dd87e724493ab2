// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.quantity;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A resource quantity as {@code k8s.io/apimachinery/pkg/api/resource} defines it: an exact number, written with a
 * decimal suffix ({@code 100m}, {@code 2k}), a binary one ({@code 1Gi}) or an exponent ({@code 1e3}). Precision below
 * one nano is rounded up, as upstream does. Immutable; comparing looks at the number only.
 *
 * @param value the number
 * @param format how it is written
 */
public record Quantity(BigDecimal value, Format format) implements Comparable<Quantity> {

    /** The three ways to write a quantity; arithmetic keeps the one of the left side. */
    public enum Format {
        DECIMAL_SI,
        BINARY_SI,
        DECIMAL_EXPONENT
    }

    private static final Pattern FORM = Pattern.compile("([+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+))([a-zA-Z0-9+-]*)");
    private static final Pattern LOOSE = Pattern.compile("([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)");
    private static final Map<String, Integer> DECIMAL =
            Map.of("n", -9, "u", -6, "m", -3, "", 0, "k", 3, "M", 6, "G", 9, "T", 12, "P", 15, "E", 18);
    private static final String[] DECIMAL_NAMES = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
    private static final String[] BINARY_NAMES = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    private static final BigDecimal KIBI = BigDecimal.valueOf(1024);
    private static final int NANO = 9;
    private static final BigDecimal MAX = new BigDecimal(Long.MAX_VALUE);

    public static final Quantity ZERO = new Quantity(BigDecimal.ZERO, Format.DECIMAL_SI);

    /**
     * Parses a quantity.
     *
     * @throws IllegalArgumentException with upstream's text when it is not one
     */
    public static Quantity parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "quantities must match the regular expression '^" + LOOSE.pattern() + "$'");
        }
        String suffix = matcher.group(2);
        BigDecimal number = new BigDecimal(trimDot(matcher.group(1)));
        Integer decimal = DECIMAL.get(suffix);
        if (decimal != null) {
            return bounded(number.scaleByPowerOfTen(decimal), Format.DECIMAL_SI);
        }
        for (int i = 1; i < BINARY_NAMES.length; i++) {
            if (BINARY_NAMES[i].equals(suffix)) {
                return bounded(number.multiply(KIBI.pow(i)), Format.BINARY_SI);
            }
        }
        if (suffix.matches("[eE][+-]?[0-9]{1,4}")) {
            int exponent = Integer.parseInt(suffix.substring(1));
            return bounded(number.scaleByPowerOfTen(exponent), Format.DECIMAL_EXPONENT);
        }
        if (!LOOSE.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "quantities must match the regular expression '^" + LOOSE.pattern() + "$'");
        }
        throw new IllegalArgumentException("unable to parse quantity's suffix");
    }

    private static String trimDot(String number) {
        return number.endsWith(".") ? number.substring(0, number.length() - 1) : number;
    }

    private static Quantity bounded(BigDecimal value, Format format) {
        BigDecimal limited = value.min(MAX).max(MAX.negate());
        return new Quantity(limited.scale() > NANO ? limited.setScale(NANO, RoundingMode.UP) : limited, format);
    }

    public static Quantity ofMilli(long milli) {
        return new Quantity(BigDecimal.valueOf(milli, 3), Format.DECIMAL_SI);
    }

    /** A whole number in the given format. */
    public static Quantity of(long value, Format format) {
        return new Quantity(BigDecimal.valueOf(value), format);
    }

    /** The value rounded up to a whole number; saturates at the limits of {@code long}. */
    public long toLong() {
        return saturate(value.setScale(0, RoundingMode.UP));
    }

    /** The value in thousandths, rounded up; saturates. */
    public long toMilli() {
        return saturate(value.movePointRight(3).setScale(0, RoundingMode.UP));
    }

    private static long saturate(BigDecimal whole) {
        BigInteger integer = whole.toBigInteger();
        if (integer.bitLength() > 63) {
            return integer.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
        return integer.longValueExact();
    }

    public Quantity plus(Quantity other) {
        return new Quantity(value.add(other.value), value.signum() == 0 ? other.format : format);
    }

    public Quantity minus(Quantity other) {
        return new Quantity(value.subtract(other.value), value.signum() == 0 ? other.format : format);
    }

    public Quantity max(Quantity other) {
        return compareTo(other) >= 0 ? this : other;
    }

    public boolean isZero() {
        return value.signum() == 0;
    }

    @Override
    public int compareTo(Quantity other) {
        return value.compareTo(other.value);
    }

    /** Rounded up to thousandths, the precision a {@code ResourceList} is stored with. */
    public Quantity roundUpToMilli() {
        return value.scale() > 3 ? new Quantity(value.setScale(3, RoundingMode.UP), format) : this;
    }

    /** The canonical text: no precision lost, no fraction, the largest suffix possible. */
    @Override
    public String toString() {
        if (value.signum() == 0) {
            return "0";
        }
        Format form = format;
        if (form == Format.BINARY_SI) {
            // Fractions and values below one KiB cannot be told with binary suffixes.
            if (value.abs().compareTo(KIBI) < 0 || value.stripTrailingZeros().scale() > 0) {
                form = Format.DECIMAL_SI;
            } else {
                return binaryText();
            }
        }
        BigDecimal stripped = value.stripTrailingZeros();
        int exponent = -stripped.scale();
        int rounded = Math.floorDiv(exponent, 3) * 3;
        BigDecimal mantissa = stripped.scaleByPowerOfTen(-rounded);
        while (form == Format.DECIMAL_SI && rounded > 18) {
            mantissa = mantissa.scaleByPowerOfTen(3);
            rounded -= 3;
        }
        String digits =
                mantissa.round(MathContext.UNLIMITED).toBigIntegerExact().toString();
        if (form == Format.DECIMAL_EXPONENT) {
            return rounded == 0 ? digits : digits + "e" + rounded;
        }
        return digits + DECIMAL_NAMES[rounded / 3 + 3];
    }

    private String binaryText() {
        BigInteger whole = value.toBigIntegerExact();
        int step = 0;
        while (step < BINARY_NAMES.length - 1 && whole.getLowestSetBit() >= 10) {
            whole = whole.shiftRight(10);
            step++;
        }
        return whole + BINARY_NAMES[step];
    }
}
