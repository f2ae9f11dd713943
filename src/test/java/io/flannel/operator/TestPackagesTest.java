package io.flannel.operator;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The tests' packages have no dependency cycles, those of {@code testing} among them. */
@AnalyzeClasses(
    packages = "io.flannel.operator",
    importOptions = ImportOption.OnlyIncludeTests.class)
class TestPackagesTest {
  @ArchTest
  static final ArchRule noPackagesDependOnEachOther =
      slices().matching("io.flannel.operator.(**)").should().beFreeOfCycles();
}
