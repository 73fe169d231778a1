//! The words, by what they speak for: English and the language of the country that gives the
//! number out. Letters outside ASCII are told apart by case, so that some words stand here twice.

/// Declares what words can speak for, and the words.
macro_rules! cues {
    ($($name:ident: $($word:literal)+;)*) => {
        /// What a word speaks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Cue { $($name),* }

        pub(super) const WORDS: &[(Cue, &[&str])] = &[$((Cue::$name, &[$($word),+])),*];
        pub(super) const COUNT: usize = WORDS.len();
    };
}

cues! {
    Phone: "phone" "phones" "tel" "telephone" "mobile" "cell" "cellphone" "fax" "whatsapp" "sms"
        "hotline" "handy" "telefon" "landline" "telefono" "teléfono" "téléphone" "ph" "móvil"
        "movil" "celular" "portable" "cellulare" "telefone" "telemóvel" "mobil" "mobiel" "telefoon"
        "gsm" "puhelin" "matkapuhelin" "komórka" "телефон" "Телефон" "тел" "Тел" "моб" "τηλέφωνο"
        "Τηλέφωνο" "τηλ" "Τηλ" "電話" "电话" "手机" "携帯" "전화" "휴대폰" "هاتف" "טלפון" "फ़ोन" "โทร" "điện thoại"
        "rufnummer" "facsimile" "dial-in" "telefax";
    Dial: "call" "called" "calling" "dial" "reach" "contact" "ring me" "ring us" "messages" "answering" "text me"
        "texted" "callback" "call back" "registered" "pager" "voicemail" "reached at" "my number" "her number" "his number" "your number"
        "our number" "their number" "new number" "contact number" "anrufen"
        "appeler" "llamar" "ligar" "chiamare" "bellen";
    Desk: "office" "fax" "mobile" "cell" "home" "work" "direct" "tel" "phone" "landline" "main"
        "desk" "switchboard" "mobil" "büro" "bureau" "oficina" "ufficio";
    Other: "order" "invoice" "isbn" "issn" "ref" "reference" "account" "ticket" "serial" "part"
        "sku" "tracking" "id" "case" "version" "doi" "rfc" "ean" "upc" "gtin" "barcode" "article"
        "batch" "lot" "docket" "patent" "zip" "coordinates" "latitude" "longitude" "commit"
        "parcel" "shipment" "booking" "flight" "model" "revision" "build" "timestamp" "checksum";
    Version: "version" "versions" "ver" "release" "build" "firmware" "upgrade" "v" "section" "sections" "chapter" "clause"
        "oid" "paragraph";
    Card: "card" "cards" "credit" "debit" "visa" "mastercard" "amex" "american express" "discover" "maestro"
        "payment card" "pan" "cc" "ccn" "cvv" "carte" "karte" "kreditkarte" "tarjeta" "cartão" "carta"
        "kaart" "creditcard" "kort" "карта" "карты" "卡号" "カード" "카드";
    Ssn: "ssn" "ssns" "social security" "social sec" "soc sec" "ss#" "social_security"
        "socialsecurity";
    Itin: "itin" "individual taxpayer";
    Ein: "ein" "fein" "employer identification" "federal tax id" "employer id";
    Aba: "aba" "routing" "rtn" "transit number" "routing_number";
    Account: "account number" "account no" "account num" "account #" "account_number" "accountnumber"
        "bank account" "bank_account" "bankaccount" "acct" "a/c" "kontonummer" "konto-nr"
        "numéro de compte" "número de cuenta" "numero de cuenta" "numero di conto" "número da conta"
        "rekeningnummer" "numer konta" "dda" "checking account" "savings account";
    SortCode: "sort code" "sortcode" "sort-code" "sort_code";
    Clabe: "clabe" "interbancaria";
    Wallet: "wallet" "bitcoin" "btc" "ethereum" "eth" "crypto" "litecoin" "address" "usdt" "erc20";
    Passport: "passport" "passports" "passeport" "reisepass" "passnummer" "pasaporte" "passaporto"
        "passaporte" "paspoort" "paszport" "паспорт" "Паспорт" "護照" "护照" "パスポート" "여권"
        "διαβατήριο" "pasaport" "passport no" "pass-nr";
    Driver: "driver license" "driver licence" "drivers license" "drivers licence" "driver's license"
        "driver's licence" "driving licence" "driving license" "driver_license" "drivers_license"
        "driverlicense" "driverslicense" "dl no" "dl number" "dl#" "führerschein" "permis de conduire"
        "permiso de conducir" "patente di guida" "rijbewijs" "prawo jazdy" "carteira de motorista" "carteira nacional de habilitação" "dln";
    Plate: "license plate" "licence plate" "number plate" "registration plate" "plate number"
        "license_plate" "kennzeichen" "plaque d'immatriculation" "immatriculation" "matrícula"
        "targa" "kenteken" "plate no" "tablica rejestracyjna";
    Vin: "vin" "vehicle identification" "chassis" "fahrgestellnummer" "fin";
    Imei: "imei" "imeis" "imeisv";
    Mac: "mac" "mac address" "hwaddr" "ether" "bssid" "ethernet" "hardware address";
    Birth: "dob" "d.o.b" "date of birth" "birth date" "birthdate" "birthday" "born" "date_of_birth"
        "dateofbirth" "birth" "geburtsdatum" "geboren" "geb" "naissance" "née" "né" "nacimiento"
        "nacido" "nacida" "nascita" "nato il" "nata il" "nascimento" "geboortedatum" "urodzenia"
        "fødselsdato" "födelsedatum" "syntymäaika" "рождения" "生年月日" "出生" "생년월일" "γέννησης" "doğum";
    Postal: "zip" "zip code" "zipcode" "postal code" "postcode" "post code" "postal_code" "plz"
        "postleitzahl" "code postal" "código postal" "codigo postal" "codice postale" "cep" "kod pocztowy"
        "postnummer" "postinumero" "pin code" "pincode" "индекс" "郵便番号" "邮编" "eircode";
    Coordinates: "lat" "latitude" "lon" "lng" "long" "longitude" "gps" "coordinates" "coordinate"
        "coords" "location" "latlng" "geo" "position" "koordinaten" "coordonnées" "coordenadas";
    Sin: "sin" "social insurance" "assurance sociale" "nas";
    HealthCard: "health card" "ohip" "health insurance number" "carte santé" "carte soleil" "ramq"
        "phn" "health number" "health card number" "assurance maladie";
    Tfn: "tfn" "tax file";
    AuMedicare: "medicare" "medicare card";
    Abn: "abn" "australian business";
    Acn: "acn" "australian company";
    Ird: "ird" "inland revenue";
    Nhi: "nhi" "national health index";
    Nhs: "nhs" "national health service" "chi number";
    Nino: "nino" "national insurance" "ni number" "ni no" "insurance number";
    Utr: "utr" "unique taxpayer" "taxpayer reference";
    Aadhaar: "aadhaar" "aadhar" "uidai" "uid" "आधार";
    Pan: "pan" "permanent account" "pan card" "income tax";
    Gstin: "gstin" "gst" "goods and services";
    Epic: "voter id" "voter" "epic" "election";
    Cnic: "cnic" "nic" "nadra" "identity card";
    Cpf: "cpf" "cadastro de pessoas";
    Cnpj: "cnpj" "cadastro nacional";
    Curp: "curp" "clave única" "clave unica";
    Rfc: "rfc" "registro federal" "contribuyentes";
    Cuit: "cuit" "cuil" "clave única de identificación" "identificación tributaria";
    Dni: "dni" "nie" "nif" "documento nacional" "documento de identidad" "identidad" "extranjero";
    Rut: "rut" "run" "rol único" "rol unico";
    Cedula: "cédula" "cedula" "cc" "ciudadanía" "ciudadania" "nuip";
    Pesel: "pesel" "numer ewidencyjny";
    Nip: "nip" "identyfikacji podatkowej" "vat";
    Regon: "regon";
    CodiceFiscale: "codice fiscale" "cod. fisc" "c.f." "fiscal code" "cf";
    PartitaIva: "partita iva" "p.iva" "p. iva" "piva" "vat" "iva";
    Nir: "nir" "insee" "sécurité sociale" "securite sociale" "numéro de sécu" "sécu" "n° ss"
        "carte vitale";
    Siren: "siren" "siret" "rcs" "sirène";
    SteuerId: "steuer-id" "steuerid" "steuer id" "identifikationsnummer" "steueridentifikation"
        "steuernummer" "idnr" "steuer-idnr" "tax id" "tin";
    Rvnr: "sozialversicherungsnummer" "rentenversicherung" "versicherungsnummer" "rvnr" "sv-nummer"
        "svnr" "sv-nr" "sozialversicherung";
    Ausweis: "personalausweis" "ausweisnummer" "ausweis" "perso";
    Bsn: "bsn" "burgerservicenummer" "sofinummer" "sofi" "burger service";
    Belgium: "rijksregister" "rijksregisternummer" "registre national" "numéro national" "insz" "niss"
        "national number" "nationaal nummer";
    Personnummer: "personnummer" "personnr" "samordningsnummer" "swedish id" "personal identity";
    Fodselsnummer: "fødselsnummer" "fodselsnummer" "fødselsnr" "personnummer" "d-nummer" "norwegian id";
    Cpr: "cpr" "cpr-nr" "personnummer" "cpr nummer" "danish id";
    Hetu: "hetu" "henkilötunnus" "henkilotunnus" "personbeteckning" "finnish id";
    Kennitala: "kennitala" "kt";
    Ahv: "ahv" "avs" "ahv-nr" "ahvn13" "navs13" "sozialversicherungsnummer" "swiss social";
    Svnr: "svnr" "sv-nr" "sozialversicherungsnummer" "versicherungsnummer" "e-card" "sv-nummer";
    Pps: "pps" "ppsn" "pps number" "personal public service" "rsi";
    NifPt: "nif" "contribuinte" "número fiscal" "nipc" "numero fiscal";
    Afm: "afm" "αφμ" "ΑΦΜ" "α.φ.μ" "Α.Φ.Μ" "tax id" "tin";
    Amka: "amka" "αμκα" "ΑΜΚΑ" "α.μ.κ.α" "Α.Μ.Κ.Α";
    Cnp: "cnp" "cod numeric personal" "codul numeric";
    Egn: "egn" "егн" "ЕГН" "единен граждански";
    RodneCislo: "rodné číslo" "rodne cislo" "rodné čislo" "r.č" "rč" "birth number";
    HuTax: "adóazonosító" "adoazonosito" "adóazonosító jel" "tax id" "tin" "adószám";
    Taj: "taj" "taj-szám" "taj szám" "társadalombiztosítás";
    Oib: "oib" "osobni identifikacijski";
    Jmbg: "jmbg" "emšo" "emso" "embg" "матични" "јмбг" "ЈМБГ";
    Isikukood: "isikukood" "asmens kodas" "personal code" "ik" "estonian id" "lithuanian id";
    Latvia: "personas kods" "personal code" "latvian id";
    Inn: "inn" "инн" "ИНН";
    Snils: "snils" "снилс" "СНИЛС";
    Iin: "iin" "иин" "ИИН" "жсн" "ЖСН" "bin";
    Rnokpp: "рнокпп" "РНОКПП" "іпн" "ІПН" "rnokpp" "ipn";
    Tckn: "tckn" "t.c." "tc kimlik" "kimlik" "tc no" "kimlik no";
    IsraelId: "teudat zehut" "תעודת זהות" "ת.ז" "ת״ז" "israeli id" "tz" "mispar zehut";
    Emirates: "emirates id" "emirates identity" "uae id" "eid" "الهوية";
    Saudi: "iqama" "saudi id" "national id" "الهوية" "إقامة";
    ZaId: "south african id" "sa id" "rsa id" "id number" "identity number" "id no" "id_number";
    Nric: "nric" "fin" "singapore id" "identity card";
    Rrn: "rrn" "주민등록번호" "주민번호" "주민등록" "resident registration";
    MyNumber: "my number" "mynumber" "マイナンバー" "個人番号" "my-number";
    ResidentId: "身份证" "身份證" "居民身份证" "resident id" "resident identity" "chinese id" "id card"
        "shenfenzheng";
    TaiwanId: "身分證" "taiwan id" "national id" "統一編號" "arc";
    Hkid: "hkid" "hong kong id" "身份證" "身份證號碼" "hk id" "identity card";
    ThaiId: "บัตรประชาชน" "เลขประจำตัวประชาชน" "thai id" "citizen id" "thai national";
    Nik: "nik" "ktp" "nomor induk" "induk kependudukan";
    MyKad: "mykad" "nric" "kad pengenalan" "ic no" "ic number" "no. kp" "malaysian id";
    Vat: "vat" "ust-id" "ust-idnr" "ustid" "uid" "tva" "iva" "btw" "mwst" "moms" "mva" "alv" "dph"
        "áfa" "pdv" "ddv" "φπα" "nip" "vat number" "umsatzsteuer" "vat id" "vat_number";
    Mbi: "mbi" "medicare" "medicare beneficiary" "beneficiary";
    Npi: "npi" "national provider" "provider id" "provider identifier" "provider number";
    Dea: "dea" "dea number" "drug enforcement" "dea#";
    Icd: "icd" "icd-10" "icd10" "icd-10-cm" "diagnosis" "diagnoses" "dx" "diag" "diagnosed"
        "diagnose" "diagnostic" "diagnóstico" "condition code" "principal diagnosis" "diagnosi";
    Ndc: "ndc" "national drug" "drug code" "ndc#" "ndc11";
    Record: "mrn" "medical record" "medical record number" "patient id" "patient number"
        "chart number" "patient no" "medical_record" "medicalrecord" "patient_id" "patientid"
        "hospital number" "patientennummer" "fallnummer" "mrn#" "emr" "chart no" "med rec";
    Plan: "member id" "member number" "subscriber id" "policy number" "health plan" "group number"
        "insurance id" "member_id" "memberid" "subscriber_id" "hicn" "medicaid" "medicaid id"
        "beneficiary id" "beneficiary number" "insurance policy" "krankenversichertennummer" "kvnr"
        "versichertennummer" "health insurance" "plan id" "member no" "insurance member";
    Medicine: "taking" "takes" "prescribed" "prescription" "prescribe" "rx" "medication" "medications"
        "medicine" "dose" "dosage" "doses" "tablet" "tablets" "capsule" "capsules" "treated with"
        "drug" "drugs" "refill" "mg" "mcg" "daily" "started on" "allergic" "allergy" "therapy"
        "twice daily" "bid" "tid" "prn" "patient" "injection" "pills" "pill" "medikament"
        "médicament" "verschrieben" "tabletten" "comprimés" "medicamento" "medicación" "medicina";
    Illness: "diagnosed" "diagnosis" "diagnoses" "dx" "suffers" "suffering" "suffer" "history of"
        "patient" "patients" "treated for" "treatment" "symptoms" "chronic" "hx" "positive for"
        "tested positive" "her doctor" "his doctor" "my doctor" "medical" "clinical" "prescribed"
        "admitted" "therapy" "condition" "diagnose" "diagnostiziert" "leidet" "patientin" "souffre"
        "diagnóstico" "padece" "paciente" "type 2" "type 1" "stage" "acute" "severe" "presents with";
}
