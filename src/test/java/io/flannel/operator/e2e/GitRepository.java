package io.flannel.operator.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A Git repository and its work tree, using the machine's {@code git}. */
final class GitRepository {
  private final Path folder;

  private GitRepository(Path folder) {
    this.folder = folder;
  }

  /** Creates an empty repository with the branch {@code main}. */
  static GitRepository in(Path folder) {
    GitRepository repository = new GitRepository(folder);
    repository.git("init", "--quiet", "--initial-branch=main");
    return repository;
  }

  /** Writes a file in the work tree. */
  GitRepository write(String file, String text) {
    try {
      Path path = folder.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, text);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Removes a file from the work tree. */
  void remove(String file) {
    git("rm", "--quiet", file);
  }

  /**
   * Commits everything in the work tree.
   *
   * @return the commit's id, 40 hexadecimal digits
   */
  String commit(String message) {
    git("add", "--all");
    git(
        "-c",
        "user.name=admin",
        "-c",
        "user.email=admin@example.org",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        message);
    return git("rev-parse", "HEAD").strip();
  }

  /**
   * Writes a commit's files as a .tar.gz. It archives the commit's tree: for the commit itself, git
   * would prepend a header with the commit's id, which Flux takes for a file of an unknown type.
   */
  void archive(String commit, Path file) {
    git("archive", "--format=tar.gz", "--output=" + file.toAbsolutePath(), commit + "^{tree}");
  }

  private String git(String... words) {
    List<String> command = new ArrayList<>(List.of("git", "-C", folder.toString()));
    command.addAll(List.of(words));
    try {
      Process git = new ProcessBuilder(command).redirectErrorStream(true).start();
      git.getOutputStream().close();
      String said = new String(git.getInputStream().readAllBytes(), UTF_8);
      if (git.waitFor() != 0) {
        throw new AssertionError("%s: %s".formatted(command, said));
      }
      return said;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
