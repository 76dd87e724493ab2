// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The borders of the scheduler. */
@AnalyzeClasses(packages = "io.mizzen.scheduler", importOptions = DoNotIncludeTests.class)
class SchedulerArchTest {
    @ArchTest
    static final ArchRule seesOnlyApiAndClient = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.mizzen.apiserver..", "io.mizzen.kubelet..", "io.mizzen.controller..", "io.mizzen.kubeproxy..");

    @ArchTest
    static final ArchRule coresTouchNoConnection = noClasses()
            .that()
            .resideInAnyPackage("..framework..", "..queue..", "..cache..", "..plugin..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.fabric8.kubernetes.client..", "io.mizzen.client", "java.net..", "java.io..");

    @ArchTest
    static final ArchRule coresReadNoClockAndStartNoThread = noClasses()
            .that()
            .resideInAnyPackage("..framework..", "..queue..", "..cache..", "..plugin..")
            .should()
            .callMethod(java.time.Instant.class, "now")
            .orShould()
            .callMethod(Thread.class, "sleep", long.class)
            .orShould()
            .callMethod(Thread.class, "ofVirtual");

    @ArchTest
    static final ArchRule printsNothing =
            noClasses().should().accessField(System.class, "out").orShould().accessField(System.class, "err");

    @ArchTest
    static final ArchRule hasNoCycles =
            slices().matching("io.mizzen.scheduler.(*)..").should().beFreeOfCycles();
}
