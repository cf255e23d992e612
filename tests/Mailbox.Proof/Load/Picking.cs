namespace Mailbox.Proof.Load;

/// <summary>Choosing by chance.</summary>
static class Picking
{
    public static T Of<T>(this Random random, IReadOnlyList<T> all) => all[random.Next(all.Count)];
}
