package io.flannel.operator.report.text;

/** Messages about a network that the operator has not looked at yet. */
final class UnobservedMessages {
  static final String NEVER = "Unknown, the operator has not looked at this network yet";
  static final String SPEC =
      "the spec has changed and the operator has not looked at it yet: what follows is of the one"
          + " before";

  private UnobservedMessages() {}
}
