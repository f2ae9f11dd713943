/*
 * Loaded into linux.uml: ptrace that sets a process' floating point registers on any processor.
 *
 * User-mode Linux 6.1 keeps 2,696 bytes of them (XSAVE's format up to AVX-512). A host whose processor has more, such as
 * Intel's with AMX (11,008), takes them only as a whole and refuses fewer with EFAULT (arch/x86/kernel/fpu/regset.c,
 * xstateregs_set): no node would boot. So what is missing is filled up with the initial state of those components, which a
 * node's processes can't have changed: they would have to ask its kernel for AMX first, and that knows nothing of it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* In bytes: where XSAVE's header begins with the bit map of the components that are not in their initial state. */
#define XSTATE_BV 512
/* x87, SSE, AVX, MPX, AVX-512 and PKRU: what the first 2,696 bytes hold. */
#define KEPT 0x2ffull

/* linux.uml runs one thread at a time, on stacks too small for this. */
static uint8_t whole[1 << 16];
static size_t length;

static long set_xstate(pid_t pid, const struct iovec *kept) {
  uint64_t components;
  struct iovec all = {whole, sizeof whole};
  if (length == 0) {
    if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &all) < 0) return -1;
    length = all.iov_len;
    memset(whole, 0, sizeof whole);
  }
  if (length <= kept->iov_len) return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, kept);
  memcpy(whole, kept->iov_base, kept->iov_len);
  memcpy(&components, whole + XSTATE_BV, sizeof components);
  components &= KEPT;
  memcpy(whole + XSTATE_BV, &components, sizeof components);
  all.iov_len = length;
  return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  pid_t pid;
  void *address, *data;
  long word;
  va_start(arguments, request);
  pid = va_arg(arguments, pid_t);
  address = va_arg(arguments, void *);
  data = va_arg(arguments, void *);
  va_end(arguments);
  switch (request) {
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
    case PTRACE_PEEKUSER:
      /* The system call stores the word; the C library's ptrace returns it. */
      if (syscall(SYS_ptrace, request, pid, address, &word) < 0) return -1;
      errno = 0;
      return word;
    case PTRACE_SETREGSET:
      if ((uintptr_t)address == NT_X86_XSTATE) return set_xstate(pid, data);
      /* fall through */
    default:
      return syscall(SYS_ptrace, request, pid, address, data);
  }
}
