package io.flannel.operator.decide.problem;

/**
 * Something that is wrong with a node or between two nodes: a closed list, each with its remedy.
 */
public interface ProblemReason {
  /** The cause in one word, for programs. */
  String reason();

  /** What is wrong, as a sentence without its subject, the node. */
  String message();

  /** What to do about it. */
  String remedy();
}
