//! Who signed a commit.

use super::{Repository, command::Call, error::Error, remote::Kind};

impl Repository {
    /// Proves that a commit is signed by one of `policy.allowed_signers`. Where the tree follows a
    /// tag, the tag's signature is as good. Without allowed signers every commit is taken.
    ///
    /// Only ssh signatures count: a signature of another kind is proved with keys of this user and
    /// not with those that the settings name.
    ///
    /// # Errors
    /// [`Error::Unsigned`], which says what the signature lacks.
    pub async fn verify(&self, commit: &str) -> Result<(), Error> {
        let Some(signers) = &self.options.allowed_signers else { return Ok(()) };
        let settings = [
            format!("gpg.ssh.allowedSignersFile={}", signers.display()),
            "gpg.ssh.program=ssh-keygen".to_owned(),
            "gpg.minTrustLevel=fully".to_owned(),
            "gpg.program=false".to_owned(),
            "gpg.openpgp.program=false".to_owned(),
            "gpg.x509.program=false".to_owned(),
        ];
        if let Some(tag) = self.signed_tag(commit).await? {
            let call = Call::configured(&self.options, &settings, &["verify-tag", &tag]);
            if call.end().await?.1.status.success() {
                return Ok(());
            }
        }
        let call = Call::configured(&self.options, &settings, &["verify-commit", commit]);
        let (ended, output) = call.end().await?;
        if output.status.success() {
            return Ok(());
        }
        let printed = ended.message(&output.stderr).replace('\n', "; ");
        let why = match printed.as_str() {
            "" => "it has no ssh signature".to_owned(),
            told => format!("its signature is not one of an allowed signer ({told})"),
        };
        Err(Error::Unsigned { commit: commit.to_owned(), why })
    }

    /// The tag object that the tree follows, where it names this very commit.
    async fn signed_tag(&self, commit: &str) -> Result<Option<String>, Error> {
        let Some(followed) = self.followed().await? else { return Ok(None) };
        // A lightweight tag is a name of the commit and has no signature of its own.
        let annotated = followed.object != followed.commit;
        let ours = followed.kind == Kind::Tag && followed.commit == commit && annotated;
        Ok(ours.then_some(followed.object))
    }
}
