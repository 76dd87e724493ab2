// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelFunctionOverload;
import io.mizzen.api.quantity.Quantity;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The functions that Kubernetes adds to CEL (API page "Common Expression Language in Kubernetes", libraries): regular
 * expressions, lists, {@code format}, quantities, URLs, tests for addresses.
 */
final class CelFunctions {
    private static final CelType QUANTITY = OpaqueType.create("kubernetes.Quantity");
    private static final CelType URL = OpaqueType.create("kubernetes.URL");
    private static final CelType STRING = SimpleType.STRING;
    private static final CelType TEXTS = ListType.create(SimpleType.STRING);
    private static final CelType LIST = ListType.create(SimpleType.DYN);

    private final Map<String, List<CelOverloadDecl>> overloads = new LinkedHashMap<>();
    private final List<CelFunctionBinding> bindings = new ArrayList<>();

    CelFunctions() {
        texts();
        for (CelLists function : CelLists.values()) {
            member(
                    function.functionName(),
                    function.resultType(),
                    List.of(LIST),
                    List.of(List.class),
                    arguments -> function.apply((List<?>) arguments[0]));
        }
        quantities();
        urls();
        addresses();
    }

    List<CelFunctionDecl> declarations() {
        List<CelFunctionDecl> declarations = new ArrayList<>();
        overloads.forEach((name, list) -> declarations.add(CelFunctionDecl.newFunctionDeclaration(name, list)));
        return declarations;
    }

    List<CelFunctionBinding> bindings() {
        return bindings;
    }

    private void member(
            String name, CelType result, List<CelType> types, List<Class<?>> classes, CelFunctionOverload body) {
        String id = overloadId(name, types);
        overloads
                .computeIfAbsent(name, unused -> new ArrayList<>())
                .add(CelOverloadDecl.newMemberOverload(id, result, types));
        bindings.add(CelFunctionBinding.from(id, classes, body));
    }

    private void global(String name, CelType result, Class<?> argument, CelFunctionOverload body) {
        String id = overloadId(name, List.of(STRING));
        overloads
                .computeIfAbsent(name, unused -> new ArrayList<>())
                .add(CelOverloadDecl.newGlobalOverload(id, result, List.of(STRING)));
        bindings.add(CelFunctionBinding.from(id, List.of(argument), body));
    }

    private static String overloadId(String name, List<CelType> types) {
        StringBuilder id = new StringBuilder("k8s_").append(name);
        types.forEach(type -> id.append('_').append(type.name().replace('.', '_')));
        return id.toString();
    }

    private void texts() {
        member(
                "find",
                STRING,
                List.of(STRING, STRING),
                List.of(String.class, String.class),
                arguments -> find((String) arguments[0], (String) arguments[1]));
        member(
                "findAll",
                TEXTS,
                List.of(STRING, STRING),
                List.of(String.class, String.class),
                arguments -> findAll((String) arguments[0], (String) arguments[1], -1));
        member(
                "findAll",
                TEXTS,
                List.of(STRING, STRING, SimpleType.INT),
                List.of(String.class, String.class, Long.class),
                arguments -> findAll((String) arguments[0], (String) arguments[1], (Long) arguments[2]));
        member(
                "format",
                STRING,
                List.of(STRING, LIST),
                List.of(String.class, List.class),
                arguments -> CelFormat.format((String) arguments[0], (List<?>) arguments[1]));
    }

    private static String find(String text, String regex) {
        Matcher matcher = Pattern.compile(regex).matcher(text);
        return matcher.find() ? matcher.group() : "";
    }

    private static List<String> findAll(String text, String regex, long limit) {
        List<String> found = new ArrayList<>();
        Matcher matcher = Pattern.compile(regex).matcher(text);
        while ((limit < 0 || found.size() < limit) && matcher.find()) {
            found.add(matcher.group());
        }
        return found;
    }

    private void quantities() {
        global("quantity", QUANTITY, String.class, arguments -> Quantity.parse((String) arguments[0]));
        global("isQuantity", SimpleType.BOOL, String.class, arguments -> isQuantity((String) arguments[0]));
        List<CelType> two = List.of(QUANTITY, QUANTITY);
        List<Class<?>> classes = List.of(Quantity.class, Quantity.class);
        member("isLessThan", SimpleType.BOOL, two, classes, arguments -> compare(arguments) < 0);
        member("isGreaterThan", SimpleType.BOOL, two, classes, arguments -> compare(arguments) > 0);
        member("compareTo", SimpleType.INT, two, classes, arguments -> (long) compare(arguments));
        member("add", QUANTITY, two, classes, arguments -> ((Quantity) arguments[0]).plus((Quantity) arguments[1]));
        member("sub", QUANTITY, two, classes, arguments -> ((Quantity) arguments[0]).minus((Quantity) arguments[1]));
        List<CelType> one = List.of(QUANTITY);
        List<Class<?>> quantity = List.of(Quantity.class);
        member("sign", SimpleType.INT, one, quantity, arguments ->
                (long) ((Quantity) arguments[0]).value().signum());
        member(
                "isInteger",
                SimpleType.BOOL,
                one,
                quantity,
                arguments ->
                        ((Quantity) arguments[0]).value().stripTrailingZeros().scale() <= 0);
        member(
                "asInteger",
                SimpleType.INT,
                one,
                quantity,
                arguments -> ((Quantity) arguments[0]).value().longValueExact());
        member(
                "asApproximateFloat",
                SimpleType.DOUBLE,
                one,
                quantity,
                arguments -> ((Quantity) arguments[0]).value().doubleValue());
    }

    private static int compare(Object[] quantities) {
        return ((Quantity) quantities[0]).compareTo((Quantity) quantities[1]);
    }

    private static boolean isQuantity(String text) {
        try {
            return Quantity.parse(text).value() != null;
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }

    private void urls() {
        global("url", URL, String.class, arguments -> url((String) arguments[0]));
        global("isURL", SimpleType.BOOL, String.class, arguments -> isUrl((String) arguments[0]));
        List<CelType> one = List.of(URL);
        List<Class<?>> uri = List.of(URI.class);
        member("getScheme", STRING, one, uri, arguments -> orEmpty(((URI) arguments[0]).getScheme()));
        member("getHost", STRING, one, uri, arguments -> orEmpty(((URI) arguments[0]).getRawAuthority()));
        member("getHostname", STRING, one, uri, arguments -> orEmpty(((URI) arguments[0]).getHost()));
        member("getPort", STRING, one, uri, arguments -> {
            int port = ((URI) arguments[0]).getPort();
            return port < 0 ? "" : Integer.toString(port);
        });
        member("getEscapedPath", STRING, one, uri, arguments -> orEmpty(((URI) arguments[0]).getRawPath()));
    }

    private static String orEmpty(@org.jspecify.annotations.Nullable String text) {
        return text == null ? "" : text;
    }

    private static URI url(String text) {
        try {
            URI uri = new URI(text);
            if (uri.isAbsolute() || text.startsWith("/")) {
                return uri;
            }
        } catch (URISyntaxException malformed) {
            throw new IllegalArgumentException(
                    "URL parse error during conversion from string: " + malformed.getMessage());
        }
        throw new IllegalArgumentException("URL parse error during conversion from string: invalid URI for request");
    }

    private static boolean isUrl(String text) {
        try {
            return url(text).toString().length() > 0;
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }

    private void addresses() {
        global("isIP", SimpleType.BOOL, String.class, arguments -> {
            String text = (String) arguments[0];
            return StringFormats.matches("ipv4", text) || StringFormats.matches("ipv6", text);
        });
        global(
                "isCIDR",
                SimpleType.BOOL,
                String.class,
                arguments -> StringFormats.matches("cidr", (String) arguments[0]));
    }
}
