// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The borders of this module; see docs/architecture.md. */
@AnalyzeClasses(packages = "io.mizzen", importOptions = ImportOption.DoNotIncludeTests.class)
class ClientArchTest {

    @ArchTest
    static final ArchRule seesOnlyApi = noClasses()
            .that()
            .resideInAPackage("io.mizzen.client..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.mizzen.apiserver..", "io.mizzen.scheduler..", "io.mizzen.controller..", "io.mizzen.kubelet..");

    @ArchTest
    static final ArchRule correlationIsPure = noClasses()
            .that()
            .haveSimpleName("EventCorrelator")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.util.concurrent..", "java.net..", "java.io..", "org.slf4j..");

    @ArchTest
    static final ArchRule printsNothing = noClasses()
            .that()
            .resideInAPackage("io.mizzen.client..")
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err");
}
