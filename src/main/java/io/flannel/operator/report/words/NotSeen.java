package io.flannel.operator.report.words;

/** What is said of a network that the operator has yet to look at. */
final class NotSeen {
  static final String NEVER = "Unknown, the operator has not looked at this network yet";
  static final String SPEC =
      "the spec has changed and the operator has not looked at it yet: what follows is of the one"
          + " before";

  private NotSeen() {}
}
