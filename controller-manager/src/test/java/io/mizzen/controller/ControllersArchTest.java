// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.mizzen.client.ApiClient;
import io.mizzen.client.InformerSource;
import java.time.Instant;

/** The borders of this module; see docs/architecture.md. */
@AnalyzeClasses(packages = "io.mizzen", importOptions = ImportOption.DoNotIncludeTests.class)
class ControllersArchTest {

    @ArchTest
    static final ArchRule seesOnlyApiAndClient = noClasses()
            .that()
            .resideInAPackage("io.mizzen.controller..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.mizzen.apiserver..", "io.mizzen.scheduler..", "io.mizzen.kubelet..");

    @ArchTest
    static final ArchRule coresTouchNoServerThreadOrLog = noClasses()
            .that()
            .haveNameMatching(".*(Core|Plan|Rules|Rollout|RolloutStatus|Sizes|Verdict|Leftovers|Zones|PodRanking)")
            .should()
            .dependOnClassesThat()
            .areAssignableTo(ApiClient.class)
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(InformerSource.class)
            .orShould()
            .dependOnClassesThat()
            .resideInAnyPackage("java.util.concurrent..", "java.net..", "java.io..", "org.slf4j..");

    @ArchTest
    static final ArchRule nobodyReadsTheSystemClock = noClasses()
            .that()
            .resideInAPackage("io.mizzen.controller..")
            .should()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Thread.class, "sleep", long.class);

    @ArchTest
    static final ArchRule printsNothing = noClasses()
            .that()
            .resideInAPackage("io.mizzen.controller..")
            .should()
            .accessField(System.class, "out");
}
