//! The system calls that a program in a sandbox may make, as a program of the kernel. What is not
//! listed does not exist: it answers `ENOSYS`, on which libraries fall back to older calls, `clone3`
//! among them, whose flags no filter can read.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction,
    SeccompCmpArgLen::{Dword, Qword},
    SeccompCmpOp::{Eq, MaskedEq, Ne},
    SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// The filter's bytes, as bubblewrap reads them. `watched` is for where memory is not bounded by a
/// control group: then there is no memory that no process has mapped.
pub(crate) fn program(watched: bool) -> Result<Vec<u8>, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    rules.extend(ALLOWED.iter().map(|call| (*call, Vec::new())));
    let rule = |conditions| SeccompRule::new(conditions);
    let one = |index, op, value| SeccompCondition::new(index, Dword, op, value);
    if watched {
        for call in UNCOUNTED {
            rules.remove(&call);
        }
        // Not both: memory that is nobody's file and that processes share. One flag, or none.
        let both = u64::from(libc::MAP_SHARED.unsigned_abs() | libc::MAP_ANONYMOUS.unsigned_abs());
        let fewer = [0, libc::MAP_SHARED, libc::MAP_ANONYMOUS]
            .map(|flags| rule(vec![one(3, MaskedEq(both), u64::from(flags.unsigned_abs()))?]));
        rules.insert(libc::SYS_mmap, fewer.into_iter().collect::<Result<_, _>>()?);
    }
    // Children, but no namespaces. The kernel reads the flags as 64 bits.
    let no_namespace = SeccompCondition::new(0, Qword, MaskedEq(NAMESPACES), 0)?;
    rules.insert(libc::SYS_clone, vec![rule(vec![no_namespace])?]);
    // Not the hypervisor's sockets, raw packets, or the kernel's cryptography.
    let families = FAMILIES.iter().map(|family| rule(vec![one(0, Eq, *family)?]));
    rules.insert(libc::SYS_socket, families.collect::<Result<_, _>>()?);
    // No keys into the terminal of whoever started us.
    let typing = TYPING.iter().map(|request| one(1, Ne, *request));
    rules.insert(libc::SYS_ioctl, vec![rule(typing.collect::<Result<_, _>>()?)?]);
    let personalities = [0, 0xffff_ffff].map(|persona| rule(vec![one(0, Eq, persona)?]));
    rules.insert(libc::SYS_personality, personalities.into_iter().collect::<Result<_, _>>()?);

    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let filter = SeccompFilter::new(rules, absent, SeccompAction::Allow, ARCH)?;
    let program = BpfProgram::try_from(filter)?;
    let bytes = program.iter().flat_map(|step| {
        let ([a, b], [c, d, e, f]) = (step.code.to_ne_bytes(), step.k.to_ne_bytes());
        [a, b, step.jt, step.jf, c, d, e, f]
    });
    Ok(bytes.collect())
}

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

/// Calls that make memory which is of no process: the kernel counts it for groups alone.
const UNCOUNTED: [i64; 4] =
    [libc::SYS_memfd_create, libc::SYS_shmget, libc::SYS_msgget, libc::SYS_semget];

/// All flags of `clone` that make namespaces: `CLONE_NEW*` of clone(2).
const NAMESPACES: u64 = 0x7e02_0080;

/// `AF_UNIX`, `AF_INET`, `AF_INET6`, `AF_NETLINK`: the network is a namespace of its own.
const FAMILIES: [u64; 4] = [1, 2, 10, 16];

/// `TIOCSTI` and `TIOCLINUX` of ioctl_tty(2).
const TYPING: [u64; 2] = [0x5412, 0x541c];

macro_rules! calls {
    ($name:ident: $($(#[$cfg:meta])? $call:ident)*) => {
        const $name: &[i64] = &[$($(#[$cfg])? libc::$call),*];
    };
}

// By what they are for: files, memory, processes, time, waiting, messages, sockets, oneself.
calls! { ALLOWED:
    SYS_read SYS_write SYS_openat SYS_openat2 SYS_close SYS_close_range SYS_lseek SYS_pread64
    SYS_pwrite64 SYS_readv SYS_writev SYS_preadv SYS_pwritev SYS_preadv2 SYS_pwritev2 SYS_fstat
    SYS_newfstatat SYS_statx SYS_statfs SYS_fstatfs SYS_faccessat SYS_faccessat2 SYS_getdents64
    SYS_getcwd SYS_chdir SYS_fchdir SYS_mkdirat SYS_mknodat SYS_unlinkat SYS_symlinkat SYS_linkat
    SYS_renameat SYS_renameat2 SYS_readlinkat SYS_fchmod SYS_fchmodat SYS_fchown SYS_fchownat
    SYS_utimensat SYS_truncate SYS_ftruncate SYS_fallocate SYS_fadvise64 SYS_readahead SYS_sync
    SYS_fsync SYS_fdatasync SYS_syncfs SYS_sync_file_range SYS_flock SYS_fcntl SYS_dup SYS_dup3
    SYS_pipe2 SYS_umask SYS_copy_file_range SYS_sendfile SYS_splice SYS_tee SYS_vmsplice
    SYS_setxattr SYS_lsetxattr SYS_fsetxattr SYS_getxattr SYS_lgetxattr SYS_fgetxattr SYS_listxattr
    SYS_llistxattr SYS_flistxattr SYS_removexattr SYS_lremovexattr SYS_fremovexattr
    SYS_inotify_init1 SYS_inotify_add_watch SYS_inotify_rm_watch

    SYS_brk SYS_mmap SYS_munmap SYS_mremap SYS_mprotect SYS_madvise SYS_mincore SYS_msync SYS_mlock
    SYS_mlock2 SYS_munlock SYS_mlockall SYS_munlockall SYS_membarrier SYS_memfd_create
    SYS_pkey_mprotect SYS_pkey_alloc SYS_pkey_free SYS_get_mempolicy SYS_shmget SYS_shmat SYS_shmdt
    SYS_shmctl

    SYS_execve SYS_execveat SYS_exit SYS_exit_group SYS_wait4 SYS_waitid SYS_kill SYS_tkill
    SYS_tgkill SYS_getpid SYS_getppid SYS_gettid SYS_getpgid SYS_setpgid SYS_getsid SYS_setsid
    SYS_set_tid_address SYS_set_robust_list SYS_get_robust_list SYS_rseq SYS_prctl SYS_prlimit64
    SYS_getrlimit SYS_setrlimit SYS_getrusage SYS_getpriority SYS_setpriority SYS_sched_yield
    SYS_sched_getaffinity SYS_sched_setaffinity SYS_sched_getparam SYS_sched_setparam
    SYS_sched_getscheduler SYS_sched_setscheduler SYS_sched_getattr SYS_sched_setattr
    SYS_sched_get_priority_max SYS_sched_get_priority_min SYS_sched_rr_get_interval SYS_getcpu
    SYS_ioprio_get SYS_ioprio_set SYS_pidfd_open SYS_pidfd_send_signal SYS_rt_sigaction
    SYS_rt_sigprocmask SYS_rt_sigreturn SYS_rt_sigpending SYS_rt_sigsuspend SYS_rt_sigtimedwait
    SYS_rt_sigqueueinfo SYS_rt_tgsigqueueinfo SYS_sigaltstack SYS_restart_syscall SYS_seccomp
    SYS_landlock_create_ruleset SYS_landlock_add_rule SYS_landlock_restrict_self

    SYS_nanosleep SYS_clock_nanosleep SYS_clock_gettime SYS_clock_getres SYS_gettimeofday
    SYS_getitimer SYS_setitimer SYS_timer_create SYS_timer_settime SYS_timer_gettime
    SYS_timer_getoverrun SYS_timer_delete SYS_timerfd_create SYS_timerfd_settime
    SYS_timerfd_gettime SYS_times

    SYS_futex SYS_futex_waitv SYS_ppoll SYS_pselect6 SYS_epoll_create1 SYS_epoll_ctl
    SYS_epoll_pwait SYS_epoll_pwait2 SYS_eventfd2 SYS_signalfd4 SYS_io_setup SYS_io_destroy
    SYS_io_submit SYS_io_cancel SYS_io_getevents

    SYS_semget SYS_semop SYS_semtimedop SYS_semctl SYS_msgget SYS_msgsnd SYS_msgrcv SYS_msgctl
    SYS_mq_open SYS_mq_unlink SYS_mq_timedsend SYS_mq_timedreceive SYS_mq_notify SYS_mq_getsetattr

    SYS_socketpair SYS_bind SYS_listen SYS_accept SYS_accept4 SYS_connect SYS_getsockname
    SYS_getpeername SYS_setsockopt SYS_getsockopt SYS_shutdown SYS_sendto SYS_recvfrom SYS_sendmsg
    SYS_recvmsg SYS_sendmmsg SYS_recvmmsg

    SYS_getuid SYS_geteuid SYS_getgid SYS_getegid SYS_getresuid SYS_getresgid SYS_getgroups
    SYS_setuid SYS_setgid SYS_setreuid SYS_setregid SYS_setresuid SYS_setresgid SYS_setgroups
    SYS_setfsuid SYS_setfsgid SYS_capget SYS_capset SYS_uname SYS_sysinfo SYS_getrandom

    #[cfg(target_arch = "x86_64")] SYS_open
    #[cfg(target_arch = "x86_64")] SYS_creat
    #[cfg(target_arch = "x86_64")] SYS_stat
    #[cfg(target_arch = "x86_64")] SYS_lstat
    #[cfg(target_arch = "x86_64")] SYS_access
    #[cfg(target_arch = "x86_64")] SYS_getdents
    #[cfg(target_arch = "x86_64")] SYS_mkdir
    #[cfg(target_arch = "x86_64")] SYS_rmdir
    #[cfg(target_arch = "x86_64")] SYS_mknod
    #[cfg(target_arch = "x86_64")] SYS_unlink
    #[cfg(target_arch = "x86_64")] SYS_symlink
    #[cfg(target_arch = "x86_64")] SYS_link
    #[cfg(target_arch = "x86_64")] SYS_rename
    #[cfg(target_arch = "x86_64")] SYS_readlink
    #[cfg(target_arch = "x86_64")] SYS_chmod
    #[cfg(target_arch = "x86_64")] SYS_chown
    #[cfg(target_arch = "x86_64")] SYS_lchown
    #[cfg(target_arch = "x86_64")] SYS_utime
    #[cfg(target_arch = "x86_64")] SYS_utimes
    #[cfg(target_arch = "x86_64")] SYS_futimesat
    #[cfg(target_arch = "x86_64")] SYS_dup2
    #[cfg(target_arch = "x86_64")] SYS_pipe
    #[cfg(target_arch = "x86_64")] SYS_inotify_init
    #[cfg(target_arch = "x86_64")] SYS_arch_prctl
    #[cfg(target_arch = "x86_64")] SYS_fork
    #[cfg(target_arch = "x86_64")] SYS_vfork
    #[cfg(target_arch = "x86_64")] SYS_getpgrp
    #[cfg(target_arch = "x86_64")] SYS_pause
    #[cfg(target_arch = "x86_64")] SYS_alarm
    #[cfg(target_arch = "x86_64")] SYS_time
    #[cfg(target_arch = "x86_64")] SYS_poll
    #[cfg(target_arch = "x86_64")] SYS_select
    #[cfg(target_arch = "x86_64")] SYS_epoll_create
    #[cfg(target_arch = "x86_64")] SYS_epoll_wait
    #[cfg(target_arch = "x86_64")] SYS_eventfd
    #[cfg(target_arch = "x86_64")] SYS_signalfd
}
