// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.mizzen.kubectl", importOptions = ImportOption.DoNotIncludeTests.class)
class KubectlArchTest {
    @ArchTest
    static final ArchRule SEES_NO_OTHER_ROOM = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.mizzen.apiserver..",
                    "io.mizzen.kubelet..",
                    "io.mizzen.scheduler..",
                    "io.mizzen.controller..",
                    "io.fabric8..",
                    "java.net.http..");

    @ArchTest
    static final ArchRule PURE_PARTS_TOUCH_NO_NETWORK = noClasses()
            .that()
            .resideInAnyPackage("..kubectl.patch..", "..kubectl.tree..", "..kubectl.print..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net..", "..kubectl.net..", "..kubectl.rest..");

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("io.mizzen.kubectl.(**)").should().beFreeOfCycles();
}
