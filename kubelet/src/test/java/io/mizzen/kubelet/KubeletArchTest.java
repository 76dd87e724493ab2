// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The borders of the node agent. */
@AnalyzeClasses(
        packages = {"io.mizzen.kubelet"},
        importOptions = ImportOption.DoNotIncludeTests.class)
class KubeletArchTest {
    @ArchTest
    static final ArchRule SEES_ONLY_API_AND_CLIENT = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.mizzen.apiserver..",
                    "io.mizzen.scheduler..",
                    "io.mizzen.controller..",
                    "io.mizzen.kubeproxy..",
                    "io.mizzen.launcher..");

    @ArchTest
    static final ArchRule CORES_TOUCH_NOTHING = noClasses()
            .that()
            .haveSimpleName("PodDecision")
            .or()
            .resideInAPackage("io.mizzen.kubelet.status")
            .or()
            .haveSimpleName("Expansion")
            .or()
            .haveSimpleName("ContainerConfigs")
            .or()
            .haveSimpleName("SandboxConfigs")
            .or()
            .haveSimpleName("Projection")
            .or()
            .haveSimpleName("ResolvConf")
            .or()
            .haveSimpleName("NodeStatusComposer")
            .or()
            .haveSimpleName("AdmissionRules")
            .or()
            .haveSimpleName("PressureRules")
            .or()
            .haveSimpleName("EvictionRules")
            .or()
            .haveSimpleName("ImageGarbage")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net..", "org.slf4j..", "java.util.concurrent..")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.lang.Thread")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.nio.file.Files");

    @ArchTest
    static final ArchRule NOBODY_PRINTS_OR_SLEEPS = noClasses()
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .callMethod(Thread.class, "sleep", long.class)
            .orShould()
            .callMethod(java.time.Instant.class, "now");

    @ArchTest
    static final ArchRule ROOMS_DO_NOT_GO_IN_CIRCLES =
            slices().matching("io.mizzen.kubelet.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule VERTX_STAYS_IN_THE_SERVER = noClasses()
            .that()
            .resideOutsideOfPackage("io.mizzen.kubelet.server..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.vertx..");

    @ArchTest
    static final ArchRule NAMES_SAY_SOMETHING = classes()
            .should()
            .haveSimpleNameNotEndingWith("Util")
            .andShould()
            .haveSimpleNameNotEndingWith("Helper")
            .andShould()
            .haveSimpleNameNotEndingWith("Impl")
            .andShould()
            .haveSimpleNameNotEndingWith("Common");
}
