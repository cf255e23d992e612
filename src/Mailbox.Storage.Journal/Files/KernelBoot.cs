namespace Mailbox.Storage.Journal;

/// <summary>Which run of the kernel this is: what a process has written and not synced is there as long as it lasts.</summary>
static class KernelBoot
{
    const string Path = "/proc/sys/kernel/random/boot_id";

    /// <returns>60 random bits of the kernel's; 0 where it does not tell.</returns>
    public static ulong Current()
    {
        try
        {
            return Guid.TryParse(File.ReadAllText(Path), out var id) ? BitConverter.ToUInt64(id.ToByteArray()) : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
