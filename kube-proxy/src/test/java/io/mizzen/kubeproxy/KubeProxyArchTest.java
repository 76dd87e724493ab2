// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The borders of the proxy. */
@AnalyzeClasses(packages = "io.mizzen.kubeproxy", importOptions = DoNotIncludeTests.class)
class KubeProxyArchTest {
    @ArchTest
    static final ArchRule seesOnlyApiAndClient = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.mizzen.apiserver..", "io.mizzen.kubelet..", "io.mizzen.controller..", "io.mizzen.scheduler..");

    @ArchTest
    static final ArchRule theServiceCoreTouchesNoConnection = noClasses()
            .that()
            .resideInAPackage("..service..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.fabric8.kubernetes.client..", "io.mizzen.client..", "java.io..", "java.net..");

    @ArchTest
    static final ArchRule printsNothing =
            noClasses().should().accessField(System.class, "out").orShould().accessField(System.class, "err");

    @ArchTest
    static final ArchRule hasNoCycles =
            slices().matching("io.mizzen.kubeproxy.(*)..").should().beFreeOfCycles();
}
