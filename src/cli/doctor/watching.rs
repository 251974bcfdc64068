//! Whether the system tells Vite of saves.

use std::path::Path;

use super::finding::{Finding, hint};

/// File systems whose changes from outside reach no watcher: shares of a container, a virtual machine or a network.
const SILENT: [&str; 12] = [
    "9p",
    "cifs",
    "drvfs",
    "fakeowner",
    "fuse.grpcfuse",
    "fuse.osxfs",
    "fuse.sshfs",
    "nfs",
    "nfs4",
    "smb3",
    "vboxsf",
    "virtiofs",
];
/// As many as an app with its folders may need.
const FEW_WATCHES: u64 = 16_384;

/// `config` is the text of the Vite config.
pub fn watching(root: &Path, config: &str) -> Vec<Finding> {
    if config.contains("usePolling") || std::env::var_os("CHOKIDAR_USEPOLLING").is_some() {
        return Vec::new();
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let watches = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches");
    let watches = watches.ok().and_then(|text| text.trim().parse().ok());
    let silent = file_system(&mounts, root).filter(|kind| SILENT.contains(kind)).map(|kind| {
        hint(
            format!("the project is on a file system of the kind {kind}, where Vite may hear of no save"),
            "Set `server: { watch: { usePolling: true } }` in the Vite config, or keep the project inside.",
        )
    });
    let few = watches.filter(|number: &u64| *number < FEW_WATCHES).map(|number| {
        hint(
            format!("the system watches no more than {number} files at a time for you"),
            "Raise it: sudo sysctl fs.inotify.max_user_watches=524288",
        )
    });
    silent.into_iter().chain(few).collect()
}

/// The kind of file system that a folder is on, by Linux's `/proc/self/mountinfo`.
fn file_system<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mounted = mounts.lines().filter_map(|line| {
        let (before, behind) = line.split_once(" - ")?;
        let place = before.split(' ').nth(4)?.replace("\\040", " ");
        let depth = folder.starts_with(&place).then(|| Path::new(&place).components().count())?;
        Some((depth, behind.split(' ').next()?))
    });
    // Of two on one place, the later one hides the other.
    mounted.max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_says_what_a_folder_is_on() {
        let mounts = "\
            22 1 0:20 / / rw,relatime shared:1 - overlay overlay rw\n\
            40 22 0:44 / /app rw - ext4 /dev/sda1 rw\n\
            41 40 0:45 / /app/my\\040code rw,nodev - fakeowner grpcfuse rw\n";
        let kind = |folder: &str| file_system(mounts, Path::new(folder));
        assert_eq!(kind("/app/my code/web"), Some("fakeowner"));
        assert_eq!(kind("/app/web"), Some("ext4"));
        assert_eq!(kind("/application"), Some("overlay"));
        assert_eq!(file_system("", Path::new("/app")), None);
    }
}
