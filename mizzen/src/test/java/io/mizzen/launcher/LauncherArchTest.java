// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The launcher's borders. */
@AnalyzeClasses(packages = "io.mizzen.launcher", importOptions = DoNotIncludeTests.class)
class LauncherArchTest {
    @ArchTest
    static final ArchRule ONLY_THE_TOP_WIRES_COMPONENTS = noClasses()
            .that()
            .resideInAPackage("io.mizzen.launcher.*..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.mizzen.apiserver..",
                    "io.mizzen.scheduler..",
                    "io.mizzen.controller..",
                    "io.mizzen.kubelet..",
                    "io.mizzen.kubeproxy..",
                    "io.mizzen.kubectl..",
                    "io.fabric8..");

    @ArchTest
    static final ArchRule ROOMS_HAVE_NO_CYCLES =
            slices().matching("io.mizzen.launcher.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule ONLY_PKI_KNOWS_THE_CERTIFICATE_LIBRARY = noClasses()
            .that()
            .resideOutsideOfPackage("io.mizzen.launcher.pki")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.bouncycastle..");

    @ArchTest
    static final ArchRule NAMES_SAY_A_ROLE = noClasses().should().haveNameMatching(".*(Util|Utils|Helper|Impl|Common)");

    @ArchTest
    static final ArchRule NOTHING_SLEEPS_BLINDLY = noClasses().should().callMethod(Thread.class, "sleep", long.class);
}
