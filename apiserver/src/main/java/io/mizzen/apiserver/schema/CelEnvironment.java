// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import dev.cel.common.types.OptionalType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;

/**
 * Compiles the expressions of custom resource validation (KEP-2876): CEL with optional types, the string, set,
 * math and comprehension extensions and {@link CelFunctions what Kubernetes adds}. {@code self} and {@code oldSelf}
 * have the types of their schema. One instance for the process, made when first needed since it takes about a second; thread-safe.
 */
final class CelEnvironment {
    /** Longest expression, in characters. */
    private static final int MAX_EXPRESSION = 100_000;

    /** Most rounds of all comprehensions of one evaluation: the bound on an expression's cost. */
    private static final int MAX_ITERATIONS = 50_000;

    private static final CelOptions OPTIONS = CelOptions.current()
            .enableHeterogeneousNumericComparisons(true)
            .enableOptionalSyntax(true)
            .comprehensionMaxIterations(MAX_ITERATIONS)
            .maxExpressionCodePointSize(MAX_EXPRESSION)
            .populateMacroCalls(true)
            .build();

    private final CelCompiler compiler;
    private final CelRuntime runtime;

    private CelEnvironment() {
        CelFunctions functions = new CelFunctions();
        compiler = CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(OPTIONS)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .addLibraries(
                        CelExtensions.optional(),
                        CelExtensions.strings(),
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.math(),
                        CelExtensions.bindings(),
                        CelExtensions.comprehensions())
                .addFunctionDeclarations(functions.declarations())
                .build();
        runtime = CelRuntimeFactory.standardCelRuntimeBuilder()
                .setOptions(OPTIONS)
                .addLibraries(
                        CelExtensions.optional(),
                        CelExtensions.strings(),
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.math(),
                        CelExtensions.comprehensions())
                .addFunctionBindings(functions.bindings())
                .build();
    }

    /** Holds the one instance. */
    private static final class Holder {
        static final CelEnvironment INSTANCE = new CelEnvironment();
    }

    static CelEnvironment instance() {
        return Holder.INSTANCE;
    }

    /**
     * An expression made ready.
     *
     * @param usesOldSelf whether it compares with the value before an update
     */
    record Compiled(CelRuntime.Program program, boolean usesOldSelf) {}

    /** An expression that cannot be compiled; the message is the compiler's. */
    static final class CompilationException extends Exception {
        private static final long serialVersionUID = 1L;

        CompilationException(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Compiles an expression.
     *
     * @param result kind of the result: bool or string
     * @param types type of {@code self} and {@code oldSelf}
     * @param optionalOldSelf whether {@code oldSelf} is an optional value
     * @throws CompilationException when it is malformed or has another result
     */
    Compiled compile(String expression, CelKind result, CelTypes types, boolean optionalOldSelf)
            throws CompilationException {
        CelType self = types.self();
        CelValidationResult checked = compiler.toCompilerBuilder()
                .setTypeProvider(types)
                .addVar("self", self)
                .addVar("oldSelf", optionalOldSelf ? OptionalType.create(self) : self)
                .build()
                .compile(expression, "<input>");
        if (checked.hasError()) {
            throw new CompilationException("compilation failed: " + checked.getErrorString());
        }
        try {
            CelAbstractSyntaxTree tree = checked.getAst();
            CelKind kind = tree.getResultType().kind();
            if (kind != result && kind != CelKind.DYN && kind != CelKind.ANY) {
                throw new CompilationException(
                        result == CelKind.BOOL
                                ? "compilation failed: cel expression must evaluate to a bool"
                                : "messageExpression must evaluate to a string");
            }
            boolean usesOldSelf = CelNavigableAst.fromAst(tree)
                    .getRoot()
                    .allNodes()
                    .anyMatch(node -> node.getKind() == CelExpr.ExprKind.Kind.IDENT
                            && node.expr().ident().name().equals("oldSelf"));
            return new Compiled(runtime.createProgram(tree), usesOldSelf);
        } catch (CelValidationException | CelEvaluationException broken) {
            throw new CompilationException("compilation failed: " + broken.getMessage());
        }
    }
}
