//! Commits and tags signed with ssh keys.

use super::*;

impl Place {
    /// Makes a key pair `NAME` and lets the person sign with it.
    pub(crate) fn key(&self, name: &str) {
        self.sh(&format!("ssh-keygen -q -t ed25519 -N '' -C {name} -f {name}"));
    }

    pub(crate) fn sign_with(&self, name: &str) {
        let key = self.path(name);
        self.sh(&format!(
            "cd person && git config gpg.format ssh && git config user.signingKey {}",
            key.display()
        ));
    }

    /// The tree of a server that takes commits signed by `ann` only.
    pub(crate) fn strict(&self) -> GitOptions {
        self.sh("printf 'ann@example.com %s' \"$(cat ann.pub)\" > signers");
        let mut options = self.options();
        options.allowed_signers = Some(self.path("signers"));
        options
    }
}

#[track_caller]
fn refused(result: Result<(), Error>, why: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Unsigned { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains(why) && told.contains("policy.allowed_signers"), "{told}");
}

#[tokio::test]
async fn only_a_commit_of_an_allowed_signer_is_taken() {
    let place = Place::with_remote();
    place.key("ann");
    place.key("stranger");
    let tree = Repository::with(place.strict());
    let unsigned = tree.sync().await.unwrap().unwrap().commit;
    refused(tree.verify(&unsigned).await, "no ssh signature");
    // Without allowed signers every commit is taken.
    place.tree().verify(&unsigned).await.unwrap();

    place.sign_with("stranger");
    place.sh("cd person && git commit -qS --allow-empty -m x && git push -q ../remote.git main");
    let strange = tree.sync().await.unwrap().unwrap().commit;
    refused(tree.verify(&strange).await, "not one of an allowed signer");

    place.sign_with("ann");
    place.sh("cd person && git commit -qS --allow-empty -m x && git push -q ../remote.git main");
    let signed = tree.sync().await.unwrap().unwrap().commit;
    tree.verify(&signed).await.unwrap();

    // A signature of something else is none of this commit.
    let forged = "cd person && git cat-file commit HEAD | sed 's/^x$/y/' | git hash-object -wt commit --stdin";
    let forged = place.sh(forged);
    place.sh(&format!("cd person && git push -qf ../remote.git {forged}:main"));
    assert_eq!(tree.sync().await.unwrap().unwrap().commit, forged);
    refused(tree.verify(&forged).await, "not one of an allowed signer");

    std::fs::remove_file(place.path("signers")).unwrap();
    refused(tree.verify(&signed).await, "signers");
}

#[tokio::test]
async fn a_signature_that_is_not_of_ssh_is_none() {
    let place = Place::with_remote();
    place.key("ann");
    let tree = Repository::with(place.strict());
    tree.sync().await.unwrap();
    // Whatever program the repository names to prove such a signature, it is not asked.
    place.sh("git -C tree config gpg.program true && git -C tree config gpg.openpgp.program true");
    let text = "gpgsig -----BEGIN PGP SIGNATURE-----\\n \\n x\\n -----END PGP SIGNATURE-----";
    let signed = format!(
        "cd person && git cat-file commit HEAD | sed 's/^committer.*/&\\n{text}/' | git hash-object -wt commit --stdin"
    );
    let signed = place.sh(&signed);
    place.sh(&format!("cd person && git push -qf ../remote.git {signed}:main"));
    assert_eq!(tree.sync().await.unwrap().unwrap().commit, signed);
    refused(tree.verify(&signed).await, "no ssh signature");
}

#[tokio::test]
async fn a_signed_tag_is_as_good_and_a_plain_one_is_not() {
    let place = Place::with_remote();
    place.key("ann");
    place.key("stranger");
    let mut options = place.strict();
    options.reference = "v1".parse().unwrap();
    let tree = Repository::with(options);
    place.sh("cd person && git tag v1 && git push -q ../remote.git v1");
    let commit = tree.sync().await.unwrap().unwrap().commit;
    refused(tree.verify(&commit).await, "no ssh signature");
    place.sign_with("stranger");
    place.sh("cd person && git tag -fsm release v1 && git push -qf ../remote.git v1");
    tree.sync().await.unwrap();
    refused(tree.verify(&commit).await, "no ssh signature");
    place.sign_with("ann");
    place.sh("cd person && git tag -fsm release v1 && git push -qf ../remote.git v1");
    assert_eq!(tree.sync().await.unwrap().unwrap().commit, commit);
    tree.verify(&commit).await.unwrap();
    // The tag speaks for its own commit only.
    place.sh("cd person && git commit -q --allow-empty -m x");
    place.sh("git -C tree fetch -q ../person main:aside");
    let other = place.sh("git -C person rev-parse HEAD");
    refused(tree.verify(&other).await, "no ssh signature");
}

#[tokio::test]
async fn an_edit_that_nobody_signs_is_refused_before_it_is_made() {
    let place = Place::with_remote();
    place.key("ann");
    let tree = Repository::with(place.strict());
    let head = tree.sync().await.unwrap().unwrap().commit;
    let error = tree.commit(&[("x", Some("1"))], AUTHOR, "edit").await.unwrap_err();
    assert!(matches!(error, Error::ReadOnly(_)), "{error}");
    assert!(matches!(tree.rollback(None, AUTHOR, "back").await, Err(Error::ReadOnly(_))));
    assert_eq!(place.sh("git -C remote.git rev-parse main"), head);
    tree.commit_to("proposal", &[("x", Some("1"))], AUTHOR, "edit").await.unwrap();
}
